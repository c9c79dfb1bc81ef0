"""Platforms: KServe and the layers below it, installed in order on any cluster."""
