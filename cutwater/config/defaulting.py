"""What is in force for a job that says little: agent, trigger, decoration, presets.

Source: sigs.k8s.io/prow pkg/config (config.go, finalizeJobConfig; jobs.go, mergePreset) and the ApplyDefault of
pkg/apis/prowjobs/v1.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import fields, replace

from cutwater.config.jobs import BranchJob, Job, Periodic, Preset, Presubmit, default_trigger
from cutwater.config.prow import DecorationEntry, ProwConfig
from cutwater.prowjob.decoration import (
    CensoringOptions,
    Decoration,
    Resources,
    SchedulingOptions,
    StorageConfiguration,
    UtilityImages,
)
from cutwater.prowjob.types import ProwJobDefaults

J = TypeVar("J", bound=Job)
S = TypeVar("S", bound=Struct)

DEFAULT_TENANT = "GlobalDefaultID"

_FILLED_WITHIN = (UtilityImages, Resources, StorageConfiguration, CensoringOptions, SchedulingOptions)


class Defaults:
    """What config.yaml gives all jobs. Keeps what it has worked out: most jobs share a few answers."""

    def __init__(self, prow: ProwConfig) -> None:
        self.pod_namespace = prow.pod_namespace
        self.decorate_all = prow.decorate_all_jobs
        self._decorations = decoration_entries(prow)
        self._job_defaults = prow.prowjob_default_entries
        self._decoration_of: dict[tuple[str, str], Decoration] = {}
        self._defaults_of: dict[tuple[str, str], ProwJobDefaults] = {}

    def decoration(self, repository: str, cluster: str) -> Decoration:
        """The decoration of an installation's jobs of a repository and a build cluster."""
        key = (repository, cluster)
        if key not in self._decoration_of:
            self._decoration_of[key] = _layered(self._decorations, *key, Decoration())
        return self._decoration_of[key]

    def job_defaults(self, repository: str, cluster: str) -> ProwJobDefaults:
        """The same for what is not decoration."""
        key = (repository, cluster)
        if key not in self._defaults_of:
            found = _layered(self._job_defaults, *key, ProwJobDefaults())
            self._defaults_of[key] = completed(found, ProwJobDefaults(tenant_id=DEFAULT_TENANT))
        return self._defaults_of[key]


def decoration_entries(prow: ProwConfig) -> tuple[DecorationEntry, ...]:
    """The list, or the older map as one: `*` first, then organisations, then repositories."""
    if prow.plank.default_decoration_config_entries:
        return prow.plank.default_decoration_config_entries
    older = prow.plank.default_decoration_configs
    in_order = sorted(older, key=lambda repo: (repo != "*", "/" in repo, repo))
    return tuple(DecorationEntry(repo=repo, config=older[repo]) for repo in in_order)


def defaulted(job: J, defaults: Defaults, repository: str) -> J:
    """The job with everything filled in but its presets. `repository` is empty where a periodic names none."""
    cluster = job.cluster or "default"
    decorate = defaults.decorate_all if job.decorate is None else job.decorate
    decoration = job.decoration_config
    if decorate:
        decoration = completed(decoration or Decoration(), defaults.decoration(repository, cluster))
    changes: dict[str, Any] = {
        "agent": job.agent or "kubernetes",
        "cluster": cluster,
        "namespace": job.namespace or defaults.pod_namespace,
        "decorate": decorate,
        "decoration_config": decoration,
        "prowjob_defaults": completed(
            job.prowjob_defaults or ProwJobDefaults(), defaults.job_defaults(repository, cluster)
        ),
    }
    if isinstance(job, BranchJob):
        changes["context"] = job.context or job.name
    if isinstance(job, Presubmit) and not job.trigger and not job.rerun_command:
        changes["trigger"] = default_trigger(job.name)
        changes["rerun_command"] = f"/test {job.name}"
    return replace(job, **changes)


def repository_of(periodic: Periodic) -> str:
    """The repository by which a periodic's defaults are looked up: its first extra ref's."""
    return periodic.extra_refs[0].full_name if periodic.extra_refs else ""


def _layered(entries: Sequence[Any], repository: str, cluster: str, nothing: S) -> S:
    """All entries that mean the job, later ones over earlier ones."""
    found = nothing
    for entry in entries:
        if entry.config is not None and entry.means(repository, cluster):
            found = completed(entry.config, found)
    return found


def completed(own: S, default: S) -> S:
    """What `own` says, and where it says nothing what `default` does.

    Media types are the exception: there the default wins, as upstream has it.
    """
    if own is default:
        return own
    changes = {}
    for name, nothing in _said_nothing(type(own)):
        mine, theirs = getattr(own, name), getattr(default, name)
        if name == "media_types":
            filled = {**mine, **theirs}
        elif mine == nothing:
            filled = theirs
        elif isinstance(mine, _FILLED_WITHIN) and theirs is not None:
            filled = completed(mine, theirs)
        else:
            continue
        if filled is not mine:
            changes[name] = filled
    return replace(own, **changes) if changes else own


@cache
def _said_nothing(struct: type[Struct]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (field.name, field.default_factory() if callable(field.default_factory) else field.default)
        for field in fields(struct)
    )


# Presets


class Presets:
    """All presets in their order, found by the labels of a job."""

    def __init__(self, presets: Sequence[Preset]) -> None:
        self._for_all = [(index, preset) for index, preset in enumerate(presets) if not preset.labels]
        self._by_label: dict[tuple[str, str], list[tuple[int, Preset]]] = defaultdict(list)
        for index, preset in enumerate(presets):
            for label in list(preset.labels.items())[:1]:
                self._by_label[label].append((index, preset))

    def of(self, labels: Mapping[str, str]) -> list[Preset]:
        """Those whose every label the job has."""
        found = [*self._for_all]
        for label in labels.items():
            found += self._by_label.get(label, ())
        found.sort(key=itemgetter(0))
        return [preset for _, preset in found if preset.labels.items() <= labels.items()]


def with_presets(job: J, presets: Presets) -> tuple[J, tuple[str, ...]]:
    """The job with what its presets add to its pod, and what they add twice, in words."""
    if job.spec is None:
        return job, ()
    pod = job.spec
    twice: list[str] = []
    for preset in presets.of(job.labels):
        pod, found = _merged(pod, preset)
        twice.extend(found)
    return (job if pod is job.spec else replace(job, spec=pod)), tuple(twice)


def _merged(pod: Mapping[str, Any], preset: Preset) -> tuple[dict[str, Any], list[str]]:
    """Volumes and tolerations go to the pod, variables and mounts to each of its containers, not to init containers."""
    twice = [
        *_twice("volume duplicated in pod spec", pod.get("volumes", ()), preset.volumes, "name"),
        *(
            f"toleration duplicated in pod spec: {item}"
            for item in preset.tolerations
            if item in pod.get("tolerations", ())
        ),
    ]
    merged = dict(pod)
    _extend(merged, "volumes", preset.volumes)
    _extend(merged, "tolerations", preset.tolerations)
    containers = []
    for container in pod.get("containers", ()):
        twice += _twice("env var duplicated in pod spec", container.get("env", ()), preset.env, "name")
        twice += _twice(
            "volume mount duplicated in pod spec", container.get("volumeMounts", ()), preset.volume_mounts, "name"
        )
        extended = dict(container)
        _extend(extended, "env", preset.env)
        _extend(extended, "volumeMounts", preset.volume_mounts)
        containers.append(extended)
    if containers:
        merged["containers"] = containers
    return merged, twice


def _extend(holder: dict[str, Any], key: str, more: Sequence[Mapping[str, Any]]) -> None:
    if more:
        holder[key] = [*holder.get(key, ()), *more]


def _twice(words: str, present: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    if not present or not more:
        return []
    names = {item.get(key, "") for item in present}
    return [f"{words}: {item.get(key, '')}" for item in more if item.get(key, "") in names]
