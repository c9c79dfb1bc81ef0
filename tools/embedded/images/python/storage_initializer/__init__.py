"""Copies models into a pod before it serves them, with the arguments of KServe's own storage initializer."""
