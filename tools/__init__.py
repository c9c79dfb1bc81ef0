"""Tools run from a checkout: the embedded cluster, the engine's tool chain, and the steps of `make up`."""
