"""sidecar: waits for a run's tests to end, takes secrets out of what they left, and uploads it with the result."""
