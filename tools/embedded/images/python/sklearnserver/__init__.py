"""Serves a scikit-learn model over KServe's v1 and v2 protocols, with the arguments of KServe's own sklearn server."""
