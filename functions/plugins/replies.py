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

COMMANDS = "I understand the commands that are listed [here](https://go.k8s.io/bot-commands)."


def reply(text: Text, message: str) -> str:
    """An answer to somebody's text, which it quotes."""
    return addressed(text.author.login, message, quoting(text.body, text.url))


def quoting(body: str, url: str) -> str:
    """The reason that quotes what somebody wrote."""
    quoted = "\n".join(f">{line}" for line in body.split("\n"))
    return f"In response to [this]({url}):\n\n{quoted}\n"


def addressed(login: str, message: str, reason: str) -> str:
    """A message to one person, with its reason folded away."""
    return f"@{login}: {message}\n\n<details>\n\n{reason}\n\n{ABOUT}\n</details>"


def simple(message: str) -> str:
    """A message to everybody."""
    return f"{message}\n\n<details>\n\n{ABOUT}\n</details>"
