"""invalidcommitmsg: commits and titles that close issues, and commits that were to be squashed, are not merged.

Source: sigs.k8s.io/prow pkg/plugins/invalidcommitmsg.
"""

from collections.abc import Sequence

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import InvalidCommitMessage
from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.types import Commit
from cutwater.github.webhooks import PullRequestEvent
from functions.plugins.closing_keywords import LINK, closes_issues
from functions.plugins.commits import commits_of, listed, subject_line
from functions.plugins.kit import Effect, Look, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.replies import ABOUT, COMMANDS

INVALID = "do-not-merge/invalid-commit-message"
FIXUP = r"^(fixup!|amend!|squash!)"
MARKER = "<!-- [prow:invalid-commit-message] -->"
OLD_MARKERS = (
    "**The list of commits with invalid commit messages**:",
    "not allowed in the title of a Pull Request",
)

plugin = Plugin(
    "invalidcommitmsg",
    about=f"Puts the {INVALID} label on pull requests whose title or commit messages close issues, or that have "
    "fixup commits.",
    effects=[AddComment, DeleteComment, Label],
    recomputes=True,
)


class Wrong(Struct, frozen=True, kw_only=True):
    """What is wrong with a pull request."""

    closing: Sequence[Commit] = ()
    fixups: Sequence[Commit] = ()
    has_closing_title: bool = False

    def __bool__(self) -> bool:
        return bool(self.closing or self.fixups or self.has_closing_title)


def _disabled(config: Configuration, org: str, repo: str) -> set[str]:
    """The names of the checks that are off. Of several entries for a check the first counts."""
    entries = config.plugins.section("invalid_commit_msg", tuple[InvalidCommitMessage, ...]) or ()
    entry = next((one for name in (f"{org}/{repo}", org) for one in entries if name in one.repos), None)
    first = {check.name: check.disabled for check in reversed(entry.checks if entry else ())}
    return {name for name, is_disabled in first.items() if is_disabled}


def wrong_with(title: str, commits: Sequence[Commit], disabled: set[str]) -> Wrong:
    """What is wrong, as far as the checks for it are on."""
    closing, fixups = "issueClosingKeywords" not in disabled, "fixupPrefix" not in disabled
    return Wrong(
        closing=[one for one in commits if closing and closes_issues(one.commit.message)],
        fixups=[one for one in commits if fixups and matches(FIXUP, subject_line(one))],
        has_closing_title=closing and closes_issues(title),
    )


def _told(wrong: Wrong, subject: Subject) -> str:
    sections = []
    if wrong.closing:
        sections.append(
            f"### Invalid commit messages\n\n{LINK} which can automatically close issues and hashtag(#) mentions are "
            f"not allowed.\n\n{listed(subject, wrong.closing)}"
        )
    if wrong.fixups:
        sections.append(
            "### Fixup/amend/squash commits\n\nTemporary commits like fixup!, amend!, or squash! are not allowed.\n\n"
            "Use [git rebase --autosquash](https://git-scm.com/docs/git-rebase#Documentation/git-rebase.txt---autosquash)"
            f" to fix them.\n\n{listed(subject, wrong.fixups)}"
        )
    if wrong.has_closing_title:
        sections.append(
            f"### Invalid PR title\n\n{LINK} are not allowed in PR titles.\n\nUse `/retitle <new-title>` to fix it."
        )
    whole = "\n\n".join(sections)
    return f"{MARKER}\n\nInvalid commit message issues detected\n\n{whole}\n\n{ABOUT} {COMMANDS}"


@plugin.on("pull_request", "opened", "reopened", "synchronize", "edited")
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """The label as it is deserved; and one comment, always the newest, that says what is wrong."""
    pull, repository = event.pull_request, event.repository
    subject = Subject(repository.owner.login, repository.name, pull.number)
    disabled = _disabled(look.config, subject.org, subject.repo)
    wrong = wrong_with(pull.title, await commits_of(look, subject), disabled)
    why = "its title or its commits may not be merged" if wrong else "nothing is wrong with its title and commits"
    effects: list[Effect[object]] = [Label(subject=subject, name=INVALID, present=bool(wrong), why=why)]
    effects += await pruned(look, subject, MARKER, *OLD_MARKERS, why=why)
    if wrong:
        effects.append(AddComment(subject=subject, body=_told(wrong, subject), why=why))
    return effects
