"""Jira: its issues looked for, and links put on them, by its REST API."""
