"""`cutwater tide …`: what the merge queue would do."""

SUBCOMMANDS = {
    "simulate": "run a merge queue's decisions over a week of pull requests, in seconds",
}
