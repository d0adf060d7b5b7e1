"""blockade: pull requests that change protected files are not merged.

Source: sigs.k8s.io/prow pkg/plugins/blockade.
"""

from collections.abc import Iterable, Mapping, Sequence

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import Blockade
from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.types import PullFile
from cutwater.github.webhooks import PullRequestEvent
from functions.plugins.kit import Effect, Look, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.replies import addressed
from functions.plugins.trust import has

BLOCKED = "do-not-merge/blocked-paths"
EXPLAINED = f"Adding label: `{BLOCKED}` because PR changes a protected file."
PROTECTED = "Files are protected"

plugin = Plugin(
    "blockade",
    about=f"Puts the {BLOCKED} label on pull requests that change files which are protected by `blockades`.",
    effects=[AddComment, DeleteComment, Label],
    recomputes=True,
)


def blockades_for(config: Configuration, org: str, repo: str, branch: str) -> list[Blockade]:
    """Those that hold on a branch and block something."""
    return [
        blockade
        for blockade in config.plugins.section("blockades", tuple[Blockade, ...]) or ()
        if (org in blockade.repos or f"{org}/{repo}" in blockade.repos)
        and (blockade.branchregexp is None or matches(blockade.branchregexp, branch))
        and any(_is_readable(pattern) for pattern in blockade.blockregexps)
    ]


def blocked(files: Iterable[PullFile], blockades: Sequence[Blockade]) -> dict[str, list[PullFile]]:
    """The protected files, by what their blockade says of them."""
    found: dict[str, list[PullFile]] = {}
    for file in files:
        for blockade in blockades:
            is_named = _occurs(blockade.blockregexps, file.filename)
            if is_named and not _occurs(blockade.exceptionregexps, file.filename):
                found.setdefault(blockade.explanation or PROTECTED, []).append(file)
    return found


def _occurs(patterns: Sequence[str], path: str) -> bool:
    return any(_is_readable(pattern) and matches(pattern, path) for pattern in patterns)


def _is_readable(pattern: str) -> bool:
    """Whether it is RE2. One that is not blocks nothing."""
    try:
        matches(pattern, "")
    except ValueError:
        return False
    return True


def _summary(found: Mapping[str, Sequence[PullFile]]) -> str:
    lines = "".join(
        f"[{explanation}]\n" + "".join(f"- [{file.filename}]({file.blob_url})\n\n" for file in files)
        for explanation, files in found.items()
    )
    return f"#### Reasons for blocking this PR:\n{lines}"


@plugin.on("pull_request", "opened", "reopened", "synchronize")
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """The label, and the reasons for it, are there as long as protected files are changed."""
    pull, repository = event.pull_request, event.repository
    subject = Subject(repository.owner.login, repository.name, pull.number)
    is_labelled = has(await look.github.labels(subject.org, subject.repo, subject.number), BLOCKED)
    blockades = blockades_for(look.config, subject.org, subject.repo, pull.base.ref)
    if not blockades and not is_labelled:
        return []
    files = await look.github.files(subject.org, subject.repo, subject.number) if blockades else []
    found = blocked(files, blockades)
    why = "it changes protected files" if found else "it changes no protected file"
    label = Label(subject=subject, name=BLOCKED, present=bool(found), why=why)
    if bool(found) == is_labelled:
        return [label]
    if found:
        body = addressed(pull.user.login, EXPLAINED, _summary(found))
        return [label, AddComment(subject=subject, body=body, why=why)]
    return [label, *await pruned(look, subject, EXPLAINED, why=why)]
