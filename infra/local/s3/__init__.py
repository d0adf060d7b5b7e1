"""An S3 store on disk: what one machine has in place of a storage service. A restart loses nothing."""
