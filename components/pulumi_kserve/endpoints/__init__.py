"""Model endpoints, as components."""
