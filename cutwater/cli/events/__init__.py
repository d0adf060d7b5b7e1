"""`cutwater events …`: what arrived, what was made of it and why, and how to have it answered again."""

SUBCOMMANDS = {
    "list": "which webhooks came, and what each plugin made of them",
    "show": "one webhook as it came, and how its plugins stand",
    "explain": "why what happened happened, for a webhook or for a pull request",
    "replay": "have a webhook answered again, without doing anything twice",
}
