"""What config-updater wants, and what it decides."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.errors import Later, Refused
from cutwater.github.effects import AddComment, Subject
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins.config_updater.updates import Place, Update, maps_for
from functions.plugins.config_updater.writing import UpdateConfigMap
from functions.plugins.kit import Act, Look, Plugin
from functions.plugins.replies import addressed, quoting

plugin = Plugin(
    "config-updater",
    about="Brings files to the ConfigMaps that are configured for them when a change of theirs is merged.",
    effects=[AddComment, UpdateConfigMap],
)


def _is_merge_to_default_branch(hook: Webhook, config: Configuration) -> bool:
    event = hook.read(PullRequestEvent)
    pull = event.pull_request
    here = pull.base.repo or event.repository
    return pull.merged and bool(pull.merge_commit_sha) and pull.base.ref == here.default_branch


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to become of a ConfigMap. `is_reachable`: its cluster is one of those that are configured."""

    place: Place
    updates: tuple[Update, ...]
    is_reachable: bool


@plugin.on("pull_request", "closed", wants=_is_merge_to_default_branch)
async def decide(event: PullRequestEvent, look: Look, act: Act) -> None:
    """Each ConfigMap on its own: one that cannot be written, or not now, does not keep the others from it."""
    pull = event.pull_request
    subject = Subject(event.repository.owner.login, event.repository.name, pull.number)
    wanted = await _wanted(look, subject)
    written, refused, later = list[Wanted](), list[str](), None
    for one in wanted:
        if not one.is_reachable:
            refused.append(f"the {one.place}: no such build cluster is configured")
            continue
        try:
            await act(_effect(subject, pull.merge_commit_sha, one))
            written.append(one)
        except Refused as error:
            refused.append(f"the {one.place}: {error}")
        except Later as error:
            later = error
    if later is not None:
        raise later
    if written:
        reason = quoting(pull.body, pull.html_url)
        body = addressed(pull.user.login, told(written, len(wanted)), reason)
        await act(AddComment(subject=subject, body=body, why=f"{subject} was merged"))
    if refused:
        raise Refused(f"{len(refused)} of {len(wanted)} ConfigMaps could not be updated: {'; '.join(refused)}")


async def _wanted(look: Look, subject: Subject) -> list[Wanted]:
    """What the change is to become, as it was decided first: by the end its own configuration may be in force."""

    async def ask() -> object:
        files = await look.github.files(subject.org, subject.repo, subject.number)
        found = maps_for(look.config, subject.org, subject.repo).updates(files)
        return msgspec.to_builtins(
            [
                Wanted(place=place, updates=updates, is_reachable=place.cluster in look.clusters)
                for place, updates in sorted(found.items())
            ]
        )

    return msgspec.convert(await look.reads.once(f"CONFIGMAPS {subject}", ask), list[Wanted])


def _effect(subject: Subject, sha: str, wanted: Wanted) -> UpdateConfigMap:
    return UpdateConfigMap(
        place=wanted.place,
        org=subject.org,
        repo=subject.repo,
        sha=sha,
        updates=wanted.updates,
        why=f"{subject} was merged",
    )


def told(written: Sequence[Wanted], count: int) -> str:
    """What is said of the ConfigMaps that were written, of so many that were to be."""
    indent = " " if count == 1 else "   "
    texts = [f"{one.place} using the following files:{_lines(one.updates, indent)}" for one in written]
    if len(texts) == 1:
        return f"Updated the {texts[0]}"
    return f"Updated the following {len(texts)} configmaps:\n" + "".join(f" * {text}\n" for text in texts)


def _lines(updates: Iterable[Update], indent: str) -> str:
    shown = ((update.key, "" if update.is_removed else update.file) for update in updates)
    return "".join(f"\n{indent}- key `{key}` using file `{file}`" for key, file in shown)
