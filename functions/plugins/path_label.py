"""path-label: a pull request gets the labels of what it changes, by patterns of paths.

Source: mungegithub's path-label, which Prow never had.
"""

from collections.abc import Mapping, Sequence

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import PathLabels
from cutwater.github.effects import Label, Subject
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins.kit import Effect, Look, Plugin
from functions.plugins.labelled import put_last_by
from functions.plugins.repository_labels import named_as_there
from functions.plugins.trust import has

Patterns = Mapping[str, tuple[str, ...]]
"""The patterns of paths (RE2) by the labels that they are for."""

plugin = Plugin(
    "path-label",
    about=(
        "Labels a pull request by the paths that it changes, as `path_labels` says, and takes a label of its own away "
        "when nothing is changed any more that the label is for. One that somebody else has put stays."
    ),
    effects=[Label],
    recomputes=True,
)


def patterns_for(config: Configuration, org: str, repo: str) -> Patterns:
    """Those of all entries that name the repository or its organisation."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in config.plugins.section("path_labels", tuple[PathLabels, ...]) or ():
        if org in entry.repos or f"{org}/{repo}" in entry.repos:
            for label, patterns in entry.labels.items():
                found[label] = (*found.get(label, ()), *patterns)
    return found


def _has_patterns(hook: Webhook, config: Configuration) -> bool:
    repository = hook.read(PullRequestEvent).repository
    return bool(patterns_for(config, repository.owner.login, repository.name))


@plugin.on("pull_request", "opened", "reopened", "synchronize", wants=_has_patterns)
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """What is missing, and what we put and is not wanted any more."""
    pull, repository = event.pull_request, event.repository
    subject = Subject(repository.owner.login, repository.name, pull.number)
    patterns = patterns_for(look.config, subject.org, subject.repo)
    files = await look.github.files(subject.org, subject.repo, subject.number)
    wanted = [
        label for label, ones in patterns.items() if any(matches(one, file.filename) for one in ones for file in files)
    ]
    there = await look.github.labels(subject.org, subject.repo, subject.number)
    missing = [label for label in wanted if not has(there, label)]
    names = await named_as_there(look, subject, missing, whose="path_labels") if missing else []
    outlived = [label for label in there if has([*patterns], label) and not has(wanted, label)]
    ours = await _put_by_us(look, subject, outlived) if outlived else []
    unneeded, needed = "it changes nothing any more that the label is for", "it changes what the label is for"
    return [
        *(Label(subject=subject, name=label, present=False, why=unneeded) for label in ours),
        *(Label(subject=subject, name=label, present=True, why=needed) for label in names),
    ]


async def _put_by_us(look: Look, subject: Subject, labels: Sequence[str]) -> list[str]:
    """Those of the labels that nobody else has put again since."""
    bot, last = await look.github.bot(), await put_last_by(look, subject)
    return [label for label in labels if bot.is_me(last.get(label.lower(), ""))]
