"""Bugzilla: what is asked of it, and what is done there."""
