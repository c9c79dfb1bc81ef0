"""KServe's own rules, and what it accepts and then ignores: one function each, named after what it refuses."""
