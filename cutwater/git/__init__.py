"""git itself, run in a folder that is gone afterwards."""
