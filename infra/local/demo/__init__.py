"""The demonstration: a repository with jobs, somebody's pull request in it, and what ought to become of it."""
