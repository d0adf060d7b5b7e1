"""Who asks for which branch: in comments, in the pull request's own text, by labels. Pure."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from cutwater.config.patterns import compiled

COMMAND = r"(?m)^(?:/cherrypick|/cherry-pick)\s+(.+)$"

Chains = Mapping[str, tuple[str, ...]]
"""By the branch that is asked for, those that are to follow one after the other when that is merged."""


class Said(Struct, frozen=True):
    """What somebody wrote, and where it stands."""

    login: str
    body: str
    url: str = ""


class Request(Struct, frozen=True):
    """Somebody asks for a branch. `said` is None where a label does."""

    login: str
    target: str
    chain: tuple[str, ...] = ()
    said: Said | None = None


def asked_in(text: str) -> dict[str, tuple[str, ...]]:
    """The branches that a text asks for. Of two commands for one branch the later counts."""
    arguments = (found.group(1).split() for found in compiled(COMMAND).finditer(text))
    return {words[0]: tuple(words[1:]) for words in arguments if words}


def requests(written: Iterable[Said], labels: Iterable[str], *, prefix: str, author: str) -> list[Request]:
    """All that is asked for until a pull request is merged: each branch once for each who asks.

    A label counts for what the author asks. What follows a branch is what was said of it last, whoever said it.
    """
    asked: dict[tuple[str, str], Said | None] = {}
    chains: dict[str, tuple[str, ...]] = {}
    for said in written:
        for target, chain in asked_in(said.body).items():
            asked[said.login, target] = said
            chains |= {target: chain} if chain else {}
    for label in labels:
        if label.startswith(prefix):
            asked[author, label.removeprefix(prefix)] = None
    return [Request(login, target, chains.get(target, ()), said) for (login, target), said in asked.items()]
