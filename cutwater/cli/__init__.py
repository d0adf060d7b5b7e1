"""The `cutwater` command: one module a subcommand."""
