"""Helm itself, as a library: what an unpacked chart renders with given values, without a cluster."""
