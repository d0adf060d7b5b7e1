"""S3-compatible storage: the state bucket and the artifacts' bucket."""
