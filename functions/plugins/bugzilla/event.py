"""What a pull request, or a comment on it, says of bugs; and what is answered."""

from collections.abc import Awaitable
from typing import TypeVar

from msgspec import Struct

from cutwater.bugzilla.client import Bug
from cutwater.config.patterns import compiled
from cutwater.config.sections import BugOptions
from cutwater.errors import Refused
from cutwater.events.look import Look
from cutwater.github.effects import AddComment, Subject
from functions.plugins.replies import addressed, quoting
from functions.plugins.unable import Unable

TITLE = r"(?i)Bug\s+([0-9]+):"
LONGEST_NUMBER = 18
"""Digits of a bug's number: Bugzilla has none of more."""
REFRESH = "<code>/bugzilla refresh</code>"
T = TypeVar("T")


class Event(Struct, frozen=True, kw_only=True):
    """Something that bugs have to do with. `bug` is the one that the title names; `text` is what an answer quotes.

    `is_opened`: the pull request is new. `is_closing`: it has just been closed. `picks`: the pull request of which this
    new one is a cherry-pick. `is_refresh`, `wants_qa`, `is_old`: what was typed.
    """

    subject: Subject
    branch: str
    bug: int | None
    merged: bool
    state: str
    text: str
    url: str
    login: str
    is_opened: bool = False
    is_closing: bool = False
    picks: int | None = None
    is_refresh: bool = False
    wants_qa: bool = False
    is_old: bool = False

    def answer(self, message: str) -> AddComment:
        """An answer that quotes the title, or the comment."""
        body = addressed(self.login, message, quoting(self.text, self.url))
        return AddComment(subject=self.subject, body=body, why="its title names a bug, or none")


def number_in(title: str) -> int | None:
    """The first bug that a title names."""
    found = compiled(TITLE).search(title)
    digits = (found.groups()[0] or "") if found else ""
    return int(digits) if digits and len(digits) <= LONGEST_NUMBER else None


def link(address: str, number: int) -> str:
    """A bug, as answers name it."""
    return f"[Bugzilla bug {number}]({address}/show_bug.cgi?id={number})"


async def tried(asked: Awaitable[T], doing: str, number: int, address: str) -> T:
    """What Bugzilla or GitHub must grant. Raises Unable with the answer, where it is refused."""
    try:
        return await asked
    except Refused as refused:
        raise Unable(failed(doing, number, address, refused)) from refused


def failed(doing: str, number: int, address: str, error: Exception) -> str:
    """The answer where something is refused."""
    digest = "No known errors were detected, please see the full error message for details."
    if "There was an error reported for a GitHub REST call" in str(error):
        digest = (
            "We were able to detect the following conditions from the error:\n\n"
            "- The Bugzilla server failed to load data from GitHub when creating the bug. "
            "This is usually caused by rate-limiting, please try again later.\n"
        )
    return (
        f"An error was encountered {doing} for bug {number} on the Bugzilla server at {address}. {digest}\n\n"
        f"<details><summary>Full error message.</summary>\n\n<code>\n{error}\n</code>\n\n</details>\n\n"
        f"Please contact an administrator to resolve this issue, then request a bug refresh with {REFRESH}."
    )


async def found(look: Look, number: int) -> Bug:
    """A bug. Raises Unable where there is none, or Bugzilla does not show it."""
    bugzilla = look.bugzilla
    bug = await tried(bugzilla.bug(number), "searching", number, bugzilla.address)
    if bug is None:
        raise Unable(
            f"No Bugzilla bug with ID {number} exists in the tracker at {bugzilla.address}.\n"
            f"Once a valid bug is referenced in the title of this pull request, request a bug refresh with {REFRESH}."
        )
    return bug


def is_allowed(bug: Bug, options: BugOptions) -> bool:
    """Whether a bug may be spoken of in this repository."""
    return not options.allowed_groups or {*bug.groups} <= {*options.allowed_groups}
