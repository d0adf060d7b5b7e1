"""The Kubernetes API: what roles read of it, and the effects they have on it."""
