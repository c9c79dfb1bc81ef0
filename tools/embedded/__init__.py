"""A real single-node Kubernetes with no Docker: built from pinned Go modules and Debian packages."""
