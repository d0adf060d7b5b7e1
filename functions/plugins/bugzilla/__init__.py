"""bugzilla: pull requests name a bug that fits their branch, and the bug follows them."""
