"""The Pulumi engine and its Kubernetes provider: those on this machine, else the official ones, else our own build."""
