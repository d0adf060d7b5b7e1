"""Two configurations compared: which jobs come, go, move and change, how their pods do, and what else does.

A job's pod is decided by the job alone: where two jobs are the same, so are their pods, and none is made.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cutwater.config.configuration import Configuration
from cutwater.config.explaining import weight_of
from cutwater.config.findings import Origin
from cutwater.config.jobs import BranchJob, Job
from cutwater.config.listing import Listed, listed
from cutwater.config.plugins import Plugins
from cutwater.config.prow import ProwConfig
from cutwater.config.rendering import plain, without_older_forms
from cutwater.config.tide import TideQuery
from cutwater.config.values_compared import Change, changes

PodOf = Callable[[Listed], Mapping[str, Any] | None]
"""The spec of the pod that a job gets, decorated; None for a job without one."""

_NOWHERE = Origin("", 0)


class Place(Struct, frozen=True, kw_only=True):
    """A job: what it is, whose, for which branches (where several share the name), and where it is written."""

    kind: str
    repository: str
    name: str
    branches: tuple[str, ...]
    file: str
    line: int


class Move(Struct, frozen=True, kw_only=True):
    """A job that is written in another file, or belongs to another repository, than before."""

    old: Place
    new: Place


class JobChanges(Struct, frozen=True, kw_only=True):
    """What is different in a job, and in its pod."""

    job: Place
    fields: tuple[Change, ...]
    pod: tuple[Change, ...]


class Difference(Struct, frozen=True, kw_only=True):
    """Everything that is different. `contexts` and `tide` are by repository (tide: or organisation).

    `settings` are by section of config.yaml, `plugins` by section of plugins.yaml.
    """

    added: tuple[Place, ...]
    removed: tuple[Place, ...]
    moved: tuple[Move, ...]
    changed: tuple[JobChanges, ...]
    contexts: dict[str, tuple[Change, ...]]
    tide: dict[str, tuple[Change, ...]]
    settings: dict[str, tuple[Change, ...]]
    plugins: dict[str, tuple[Change, ...]]

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in self.__struct_fields__)


def compared(old: Configuration, new: Configuration, pod_of: PodOf) -> Difference:
    """What makes the one configuration the other."""
    pairs, removed, added = _paired(list(listed(old.jobs)), list(listed(new.jobs)))
    moved = [(one, other) for one, other in pairs if _has_moved(one, other)]
    return Difference(
        added=tuple(map(_place, added)),
        removed=tuple(map(_place, removed)),
        moved=tuple(Move(old=_place(one), new=_place(other)) for one, other in moved),
        changed=tuple(_changed(pairs, pod_of)),
        contexts=_filled(_contexts_compared(old, new)),
        tide=_filled(_tide_compared(old.prow.tide.queries, new.prow.tide.queries)),
        settings=_filled(_settings_compared(old.prow, new.prow)),
        plugins=_filled(_plugins_compared(old.plugins, new.plugins)),
    )


# Jobs


def _paired(
    old: Sequence[Listed], new: Sequence[Listed]
) -> tuple[list[tuple[Listed, Listed]], list[Listed], list[Listed]]:
    """The jobs that are in both, those that are gone, those that are new.

    A job is the same where kind, repository, name and branches are; then without the branches; and then, where only
    one of each is left, without the repository.
    """
    pairs: list[tuple[Listed, Listed]] = []
    for identity, needs_one in ((_exactly, False), (_by_name, False), (_anywhere, True)):
        before, after = _grouped(old, identity), _grouped(new, identity)
        for key in before.keys() & after.keys():
            if not needs_one or len(before[key]) == len(after[key]) == 1:
                pairs.extend(zip(before[key], after[key], strict=False))
        settled = {id(one.job) for pair in pairs for one in pair}
        old = [one for one in old if id(one.job) not in settled]
        new = [one for one in new if id(one.job) not in settled]
    return sorted(pairs, key=lambda pair: _sort_key(pair[1])), sorted(old, key=_sort_key), sorted(new, key=_sort_key)


def _sort_key(one: Listed) -> tuple[str, str, str, tuple[str, ...]]:
    return one.repository, one.kind, one.job.name, _branches(one.job)


def _exactly(one: Listed) -> object:
    return one.kind, one.repository, one.job.name, _branches(one.job)


def _by_name(one: Listed) -> object:
    return one.kind, one.repository, one.job.name


def _anywhere(one: Listed) -> object:
    return one.job.name


def _branches(job: Job) -> tuple[str, ...]:
    return (*job.branches, *(f"not {branch}" for branch in job.skip_branches)) if isinstance(job, BranchJob) else ()


def _grouped(jobs: Iterable[Listed], identity: Callable[[Listed], object]) -> dict[object, list[Listed]]:
    groups: dict[object, list[Listed]] = defaultdict(list)
    for one in jobs:
        groups[identity(one)].append(one)
    return groups


def _has_moved(one: Listed, other: Listed) -> bool:
    return (one.kind, one.repository, one.job.origin.file) != (other.kind, other.repository, other.job.origin.file)


def _changed(pairs: Iterable[tuple[Listed, Listed]], pod_of: PodOf) -> Iterator[JobChanges]:
    for one, other in pairs:
        if _content(one.job) == _content(other.job) and one.repository == other.repository:
            continue
        before, after = pod_of(one), pod_of(other)
        has_pods = before is not None and after is not None
        fields = tuple(changes(_fields(one.job, has_pods=has_pods), _fields(other.job, has_pods=has_pods)))
        pod = tuple(changes(before, after)) if has_pods else ()
        if fields or pod:
            yield JobChanges(job=_place(other), fields=fields, pod=pod)


def _content(job: Job) -> Job:
    return replace(job, origin=_NOWHERE)


def _fields(job: Job, *, has_pods: bool) -> dict[str, Any]:
    """What the job says; of its pod only where that is not shown as it is made."""
    fields: dict[str, Any] = plain(replace(job, spec=None) if has_pods else job)
    return fields


def _place(one: Listed) -> Place:
    return Place(
        kind=one.kind,
        repository=one.repository,
        name=one.job.name,
        branches=_branches(one.job),
        file=one.job.origin.file,
        line=one.job.origin.line,
    )


# Everything else


def _contexts_compared(old: Configuration, new: Configuration) -> Iterator[tuple[str, list[Change]]]:
    """What a pull request waits for, by context: branch protection and tide follow the jobs."""
    for repository in sorted({*old.jobs.presubmits, *new.jobs.presubmits}):
        before, after = (_weights(config, repository) for config in (old, new))
        yield repository, list(changes(before, after))


def _weights(config: Configuration, repository: str) -> dict[str, str]:
    weights: dict[str, set[str]] = defaultdict(set)
    for job in config.jobs.presubmits.get(repository, ()):
        weights[job.context].add(weight_of(job))
    return {context: ", ".join(sorted(found)) for context, found in weights.items() if found != {"unreported"}}


def _tide_compared(old: Sequence[TideQuery], new: Sequence[TideQuery]) -> Iterator[tuple[str, list[Change]]]:
    """What tide wants of the pull requests of each repository or organisation that a query names."""
    scopes = {scope for query in (*old, *new) for scope in (*query.orgs, *query.repos, *query.excluded_repos)}
    for scope in sorted(scopes):
        yield scope, list(changes(_wanted(old, scope), _wanted(new, scope), "queries"))


def _wanted(queries: Iterable[TideQuery], scope: str) -> list[dict[str, Any]]:
    """The conditions under which tide merges there; any of them will do."""
    org, slash, repo = scope.partition("/")
    found = [query for query in queries if (query.covers(org, repo) if slash else org in query.orgs)]
    conditions: list[dict[str, Any]] = [plain(replace(query, orgs=(), repos=(), excluded_repos=())) for query in found]
    return sorted(conditions, key=lambda one: msgspec.json.encode(one, order="deterministic"))


def _settings_compared(old: ProwConfig, new: ProwConfig) -> Iterator[tuple[str, list[Change]]]:
    """config.yaml by section, but for tide's queries, which are shown by what they mean."""
    before, after = (plain(without_older_forms(_without_queries(prow))) for prow in (old, new))
    for section in sorted({*before, *after}):
        yield section, list(changes({section: before.get(section, {})}, {section: after.get(section, {})}))


def _without_queries(prow: ProwConfig) -> ProwConfig:
    return replace(prow, tide=replace(prow.tide, queries=()))


def _plugins_compared(old: Plugins, new: Plugins) -> Iterator[tuple[str, list[Change]]]:
    before, after = (plain(plugins.general) | plain(dict(plugins.sections)) for plugins in (old, new))
    for section in sorted({*before, *after}):
        yield section, list(changes({section: before.get(section, {})}, {section: after.get(section, {})}))


def _filled(found: Iterable[tuple[str, Sequence[Change]]]) -> dict[str, tuple[Change, ...]]:
    """Those of which there is anything to say."""
    return {name: tuple(of_one) for name, of_one in found if of_one}
