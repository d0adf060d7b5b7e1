"""issue-management: issues are linked to pull requests, pinned, and moved to other repositories."""
