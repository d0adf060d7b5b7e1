"""The roles: one folder each, with what wakes it, what it decides, and what it does."""
