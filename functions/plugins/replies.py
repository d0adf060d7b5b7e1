"""How the bot answers in a comment. Other tools parse these: the wording is upstream's.

Source: sigs.k8s.io/prow pkg/plugins (respond.go).
"""

from cutwater.github.webhooks import Text

ABOUT = (
    "Instructions for interacting with me using PR comments are available "
    "[here](https://git.k8s.io/community/contributors/guide/pull-requests.md).  "
    "If you have questions or suggestions related to my behavior, please file an issue against the "
    "[kubernetes-sigs/prow](https://github.com/kubernetes-sigs/prow/issues/new?title=Prow%20issue:) repository."
)


def reply(text: Text, message: str) -> str:
    """An answer to somebody's text, which it quotes."""
    quoted = "\n".join(f">{line}" for line in text.body.split("\n"))
    return addressed(text.author.login, message, f"In response to [this]({text.url}):\n\n{quoted}\n")


def addressed(login: str, message: str, reason: str) -> str:
    """A message to one person, with its reason folded away."""
    return f"@{login}: {message}\n\n<details>\n\n{reason}\n\n{ABOUT}\n</details>"
