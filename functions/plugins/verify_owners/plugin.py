"""verify-owners: a label and a review while something is wrong in the OWNERS files that a pull request changes."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from cutwater.config.findings import Source
from cutwater.config.owners import naming_of, read_aliases
from cutwater.config.patterns import matches
from cutwater.events.look import Look
from cutwater.github.edits import AddReview, Remark
from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.types import PullFile, PullRequest
from cutwater.github.webhooks import PullRequestEvent
from cutwater.owners.files import Aliases
from cutwater.owners.listing import Naming, counting
from functions.plugins.files import file_at, texts_at
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.replies import addressed, quoting
from functions.plugins.trust import has, is_trusted, settings_for, why_untrusted
from functions.plugins.verify_owners.checking import Named, checked, is_added

INVALID = "do-not-merge/invalid-owners-file"
MOST_PEOPLE = 50
"""So many people and one more are looked up: a file with thousands would use up what GitHub lets us ask."""
NO_ALIASES = "The content of OWNERS_ALIASES is invalid."
EMPTY_ALIASES = "There are empty aliases in OWNER_ALIASES, cleanup is advised."
UNTRUSTED = (
    "The OWNERS file contains untrusted users, which makes it INVALID. The following users are mentioned in {owners} "
    "file(s) but are untrusted for the following reasons. One way to make the user trusted is to add them as "
    "[members]({join}) of the {org} org. You can then trigger verification by writing `/verify-owners` in a comment."
)

plugin = Plugin(
    "verify-owners",
    about=(
        "OWNERS files that a pull request changes must be readable, and name only people whom the repository trusts; "
        f"while they do not, it has the {INVALID} label."
    ),
    commands=[
        Command(
            "verify-owners",
            on="pull requests",
            when="open",
            about="Looks at the OWNERS files once more: whether the people in them are trusted by now.",
            who=ANYONE,
            examples=("/verify-owners",),
        )
    ],
    effects=[AddComment, AddReview, DeleteComment, Label],
    recomputes=True,
)


@plugin.on("pull_request", "opened", "reopened", "synchronize")
async def on_change(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """There may be other OWNERS files."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
    return await _decide(subject, event.pull_request, look, why=f"the pull request was {event.action}")


@plugin.on_command("verify-owners", where=lambda text: text.stands_below)
async def on_command(comment: Comment, look: Look) -> list[Effect[object]]:
    """Somebody may have become a member. A new one is looked at in any case. Raises Refused where it is gone."""
    pull = await pull_request_of(look, comment.subject)
    return await _decide(comment.subject, pull, look, why=comment.why)


async def _decide(subject: Subject, pull: PullRequest, look: Look, *, why: str) -> list[Effect[object]]:
    """The label as it should be, and what has to be said. Raises Refused and Later."""
    naming = naming_of(look.config, subject.org, subject.repo)
    files = await look.github.files(subject.org, subject.repo, subject.number)
    changed = [
        file for file in files if posixpath.basename(file.filename) == naming.owners and file.status != "removed"
    ]
    of_aliases = next((file for file in files if file.filename == naming.aliases), None)
    if not changed and of_aliases is None and not has([label.name for label in pull.labels], INVALID):
        return []
    is_invalid = Label(subject=subject, name=INVALID, present=True, why=why)
    texts = await _texts(look, subject, pull.head.sha, [*changed, *([of_aliases] if of_aliases else [])])
    aliases = await _aliases(look, subject, pull.base.ref, naming, texts, is_changed=of_aliases is not None)
    if aliases is None:
        return [is_invalid, AddComment(subject=subject, body=NO_ALIASES, why=why)]
    people = _People(look, subject)
    if of_aliases is not None:
        await people.check(sorted(frozenset[str]().union(*aliases.values())), of_aliases)
    remarks = []
    for file in (one for one in changed if counting([one.filename], naming, matches)):
        found = checked(file, texts.get(file.filename, b""), look.config.plugins.owners.denied_labels)
        if isinstance(found, Named):
            await people.check((login for login in found.logins if login not in aliases), file)
        else:
            remarks.append(found)
    effects: list[Effect[object]] = []
    if not all(aliases.values()):
        effects.append(AddComment(subject=subject, body=EMPTY_ALIASES, why=why))
    effects.append(is_invalid if remarks or people.untrusted else replace(is_invalid, present=False))
    if remarks:
        effects.append(_review(subject, pull, naming, remarks, why))
    return effects + await _about(people, look, subject, naming, why, is_valid=not remarks)


async def _about(
    people: "_People", look: Look, subject: Subject, naming: Naming, why: str, *, is_valid: bool
) -> list[AddComment | DeleteComment]:
    """What is said of people who are not trusted, in place of what was; it goes when there is nothing to say."""
    about = UNTRUSTED.format(owners=naming.owners, join=people.settings.join_url(subject.org), org=subject.org)
    if not people.untrusted and not is_valid:
        return []
    outdated = await pruned(look, subject, about, why="it does not hold any more")
    if not people.untrusted:
        return [*outdated]
    return [*outdated, AddComment(subject=subject, body="\n".join((about, *people.told())), why=why)]


async def _texts(look: Look, subject: Subject, head: str, files: Sequence[PullFile]) -> dict[str, bytes]:
    """What stands in changed files at the head; nothing of those that are not there any more."""
    paths = [file.filename for file in files if file.status != "removed"]
    return await texts_at(look, subject.org, subject.repo, head, paths)


async def _aliases(
    look: Look, subject: Subject, base: str, naming: Naming, texts: Mapping[str, bytes], *, is_changed: bool
) -> Aliases | None:
    """The aliases as they will be: of the head where it changes them, else of the branch. None for what are none."""
    text = texts.get(naming.aliases)
    if not is_changed and naming.aliases:
        text = await file_at(look, subject.org, subject.repo, naming.aliases, base)
    if text is None:
        return {}
    found = read_aliases(Source(naming.aliases, text))
    return None if found.findings else found.aliases


def _review(subject: Subject, pull: PullRequest, naming: Naming, remarks: Sequence[Remark], why: str) -> AddReview:
    message = f"{len(remarks)} invalid {naming.owners} file{'' if len(remarks) == 1 else 's'}"
    body = addressed(pull.user.login, message, quoting(pull.body, pull.html_url))
    return AddReview(subject=subject, commit=pull.head.sha, body=body, remarks=tuple(remarks), why=why)


class _People:
    """Those who are added as owners. `untrusted`: who of them is not trusted, with the files after the first.

    Upstream does not tell the first.
    """

    def __init__(self, look: Look, subject: Subject) -> None:
        self._look, self._subject = look, subject
        self._is_off = f"{subject.org}/{subject.repo}" in look.config.plugins.owners.skip_collaborators
        self._trusted: set[str] = set()
        self.settings = settings_for(look.config, subject.org, subject.repo)
        self.untrusted: dict[str, list[str]] = {}

    async def check(self, logins: Iterable[str], file: PullFile) -> None:
        """Look at those whom a file adds."""
        for login in logins:
            if self._is_off or len(self.untrusted) + len(self._trusted) > MOST_PEOPLE:
                return
            if not is_added(login, file.patch):
                continue
            if login in self.untrusted:
                others = self.untrusted[login]
                others += [] if file.filename in others else [file.filename]
            elif login not in self._trusted:
                await self._look_up(login)

    async def _look_up(self, login: str) -> None:
        org, repo = self._subject.org, self._subject.repo
        if await is_trusted(self._look, self.settings, login, org, repo):
            self._trusted.add(login)
        else:
            self.untrusted[login] = []

    def told(self) -> list[str]:
        """Each of those who are not, and why."""
        why = why_untrusted(self.settings, self._subject.org)
        lines = (
            [f"- {login}", f"  - {why}", *(f"  - {file}" for file in also)] for login, also in self.untrusted.items()
        )
        return [line for some in lines for line in some]
