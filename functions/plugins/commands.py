"""Commands as data: what people may type, who may, and where. Help, permission and parsing all come from here.

A command is searched for in the whole text, as upstream does: one in a fenced block counts, and a quoted line does not,
because it begins with `>`. Each command says by its pattern whether case and what follows it matter.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from msgspec import Struct, field

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import compiled
from cutwater.events.look import Look
from cutwater.github.effects import AddComment, Subject
from cutwater.github.types import User
from cutwater.github.webhooks import Text
from functions.plugins.replies import reply
from functions.plugins.trust import is_trusted, settings_for

Where = Literal["anything", "pull requests", "issues"]
When = Literal["always", "open", "closed"]
"""In which state of the issue."""
LONGEST_LINE = 80
"""Characters of what was typed that a reason repeats."""


class Who(Struct, frozen=True):
    """Who may use a command: in words for its help, and as the check that the kit makes before it decides."""

    words: str
    may: Callable[[Text, Look], Awaitable[bool]]

    def __str__(self) -> str:
        return self.words


async def _anyone(text: Text, look: Look) -> bool:
    return True


async def _is_member(text: Text, look: Look) -> bool:
    return await look.github.is_member(text.subject.org, text.author.login)


async def _is_trusted(text: Text, look: Look) -> bool:
    org, repo = text.subject.org, text.subject.repo
    return await is_trusted(look, settings_for(look.config, org, repo), text.author.login, org, repo)


async def is_author_or_collaborator(text: Text, look: Look) -> bool:
    """Whether it was written by who opened what it stands below, or by a collaborator of the repository."""
    if text.author.login == text.issue_author.login:
        return True
    return await look.github.is_collaborator(text.subject.org, text.subject.repo, text.author.login)


ANYONE = Who("Anyone.", _anyone)
MEMBERS = Who("Members of the organisation.", _is_member)
TRUSTED = Who("Those whom the repository trusts: its collaborators, and the organisation's members.", _is_trusted)
AUTHOR_OR_COLLABORATORS = Who("The author, and the repository's collaborators.", is_author_or_collaborator)


class Command(Struct, frozen=True):
    """What people may type.

    `argument`: what may follow the name, as its help shows it (`[cancel]`). `pattern` is RE2; without one it is
    `/name` alone on a line, in any case. Its first group is the argument that `decide` is given. `forms` stand in its
    place where a command has several: by the argument that each one means, and the first that is found counts.
    `ignores_case` says what the patterns do. `is_featured`: help shows it before others.
    `who` may use it; a bare text where the plugin itself checks. `refusal` is the answer to others; none is given
    where it is empty. `on` and `when` (which the configuration may decide) say where it is heard.
    """

    name: str
    about: str
    who: Who | str
    examples: tuple[str, ...]
    argument: str = ""
    pattern: str = ""
    ignores_case: bool = True
    is_featured: bool = False
    forms: Mapping[str, str] = field(default_factory=dict)
    usage: str = ""
    refusal: str = ""
    on: Where = "anything"
    when: When | Callable[[Configuration], When] = "always"

    @property
    def shown(self) -> str:
        """How it is used, for its help."""
        return self.usage or f"/{self.name} {self.argument}".rstrip()

    def is_in(self, text: str) -> bool:
        """Whether somebody has typed it."""
        return any(compiled(pattern).search(text) for _, pattern in self._patterns)

    def is_heard_at(self, text: Text, config: Configuration) -> bool:
        """Whether it means anything where this was written."""
        if text.action != "created":
            return False
        when = self.when(config) if callable(self.when) else self.when
        if when != "always" and when != text.issue_state:
            return False
        return self.on == "anything" or (self.on == "pull requests") == text.is_pull_request

    def typed(self, text: str) -> "list[Typed]":
        """Each time that it stands there, in order; of several forms, those of the first that does."""
        for meant, pattern in self._patterns:
            found = list(compiled(pattern).finditer(text))
            if found:
                return [Typed(self, one.group(0), meant, tuple(one.groups())) for one in found]
        return []

    @property
    def _patterns(self) -> list[tuple[str | None, str]]:
        if self.forms:
            return list(self.forms.items())
        return [(None, self.pattern or rf"(?mi)^/{self.name}\s*$")]

    def __str__(self) -> str:
        return f"/{self.name}"


class Typed(Struct, frozen=True):
    """A command as somebody typed it. `text` is all of it; `groups` are its pattern's, None where one took no part."""

    command: Command
    text: str
    form: str | None
    groups: tuple[str | None, ...]

    @property
    def name(self) -> str:
        """The command's."""
        return self.command.name

    @property
    def argument(self) -> str:
        """What it was told: the form that was used, or else the pattern's first group."""
        if self.form is not None:
            return self.form
        return (self.groups[0] or "").strip() if self.groups else ""

    def __str__(self) -> str:
        return " ".join(self.text.split())[:LONGEST_LINE]


class Comment(Struct, frozen=True, kw_only=True):
    """Somebody has typed commands. `all_typed`: those of one handler, in the order in which it names them."""

    text: Text
    all_typed: tuple[Typed, ...]

    @property
    def command(self) -> Typed:
        """The first of them."""
        return self.all_typed[0]

    @property
    def subject(self) -> Subject:
        return self.text.subject

    @property
    def author(self) -> User:
        """Who typed it."""
        return self.text.author

    @property
    def why(self) -> str:
        """The reason for what comes of it: `/hold cancel by alice`."""
        return f"{self.command} by {self.author.login}"

    def reply(self, message: str) -> AddComment:
        """An answer that quotes the comment."""
        return AddComment(subject=self.subject, body=reply(self.text, message), why=self.why)
