"""Keeps the events that KServe's logger sends, and shows them."""
