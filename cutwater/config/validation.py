"""What a job may not say. Each rule gives the field it is about, and what is wrong, in words.

Run on jobs after defaulting. Source: sigs.k8s.io/prow pkg/config (config.go, ValidateJobConfig and what it calls).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from cutwater.config.findings import Path
from cutwater.config.jobs import BranchJob, Job, Periodic, Postsubmit, Presubmit
from cutwater.config.matching import may_meet
from cutwater.config.patterns import compiled, matches
from cutwater.config.pipelines import pipeline_problems
from cutwater.config.prow import ProwConfig
from cutwater.prowjob import cron, labels
from cutwater.prowjob.decoration import Decoration
from cutwater.prowjob.duration import nanoseconds
from cutwater.prowjob.types import RerunAuthConfig


class Problem(NamedTuple):
    """What is wrong with a job, and the path of the field in it."""

    job: Job
    field: Path
    message: str


Rule = Iterator[tuple[Path, str]]

_NAME = re.compile(r"[A-Za-z0-9-._]+")
_JENKINS_NAME = re.compile(r"[A-Za-z0-9-._]([A-Za-z0-9-._/]*[A-Za-z0-9-_])?")
_KNOWN_AGENTS = ("kubernetes", "jenkins", "tekton-pipeline")
_UTILITIES = ("clonerefs", "initupload", "place-entrypoint", "sidecar")
_RESERVED_VOLUMES = frozenset({"logs", "code", "tools", "gcs-credentials", "s3-credentials"})
_RESERVED_MOUNTS = frozenset({"logs", "code", "tools"})
_RESERVED_PATHS = frozenset({"/logs", "/home/prow/go", "/tools"})
_ENV_ALWAYS = frozenset({"CI", "JOB_NAME", "JOB_TYPE", "PROW_JOB_ID", "BUILD_ID", "BUILD_NUMBER", "JOB_SPEC"})
_ENV_OF_REFS = frozenset(
    {"REPO_OWNER", "REPO_NAME", "SRC_HOST", "SRC_BASE", "PULL_BASE_REF", "PULL_BASE_SHA", "PULL_REFS"}
)
_ENV_OF_PULL = frozenset({"PULL_NUMBER", "PULL_PULL_SHA", "PULL_HEAD_REF", "PULL_TITLE"})
_GERRIT_REPORT = "prow.k8s.io/gerrit-report-label"
_WEB = ("http", "https")
_STRATEGIES = ("legacy", "single", "explicit")


def problems(job: Job, prow: ProwConfig) -> Iterator[Problem]:
    """Everything that is wrong with one job by itself."""
    rules: list[Callable[[Job, ProwConfig], Rule]] = [_identity, _agent, _pod]
    if isinstance(job, BranchJob):
        rules.append(_patterns)
    if isinstance(job, Presubmit):
        rules.append(_presubmit)
    if isinstance(job, Periodic):
        rules.append(_periodic)
    for rule in rules:
        for field, message in rule(job, prow):
            yield Problem(job, field, message)


def _identity(job: Job, prow: ProwConfig) -> Rule:
    pattern = _JENKINS_NAME if job.agent == "jenkins" else _NAME
    if not pattern.fullmatch(job.name):
        yield ("name",), f'"{job.name}" must match regex "^{pattern.pattern}$"'
    if job.max_concurrency < 0:
        yield ("max_concurrency",), f"{job.max_concurrency} must be a non-negative number"
    for key, value in job.labels.items():
        if key in labels.RESERVED:
            yield ("labels", key), "is a label that is set by the system itself"
        elif not labels.is_key(key):
            yield ("labels", key), "is not a label's name: [prefix/]name of letters, digits, -, _ and ., 63 at most"
        elif not labels.is_value(value):
            yield ("labels", key), f'"{value}" is not a label\'s value: letters, digits, -, _ and ., 63 at most'
    for key in job.annotations:
        if not labels.is_key(key):
            yield ("annotations", key), "is not an annotation's name: [prefix/]name of letters, digits, -, _ and ."
    if job.job_queue_name and job.job_queue_name not in prow.plank.job_queue_capacities:
        yield ("job_queue_name",), f'"{job.job_queue_name}" is no queue of plank.job_queue_capacities'


def _agent(job: Job, prow: ProwConfig) -> Rule:
    if job.agent not in _KNOWN_AGENTS:
        return
    on_kubernetes, on_tekton = job.agent == "kubernetes", job.agent == "tekton-pipeline"
    has_pipeline = job.pipeline_run_spec is not None or job.tekton_pipeline_run_spec is not None
    if job.spec is not None and not on_kubernetes:
        yield ("spec",), f'is for agent kubernetes, not "{job.agent}"'
    if job.spec is None and on_kubernetes:
        yield ("spec",), "is missing: agent kubernetes needs a pod spec"
    if has_pipeline and not on_tekton:
        yield ("pipeline_run_spec",), f'is for agent tekton-pipeline, not "{job.agent}"'
    if not has_pipeline and on_tekton:
        yield ("pipeline_run_spec",), "is missing: agent tekton-pipeline needs one"
    if on_tekton:
        yield from pipeline_problems(job)
    if job.decoration_config is not None and not on_kubernetes:
        yield ("decoration_config",), f'decoration is for agent kubernetes, not "{job.agent}"'
    if job.error_on_eviction and not on_kubernetes:
        yield ("error_on_eviction",), f'is for agent kubernetes, not "{job.agent}"'
    if job.namespace != prow.pod_namespace and not on_tekton:
        yield ("namespace",), f'"{job.namespace}" must be "{prow.pod_namespace}", the pod_namespace'


# The pod


def _pod(job: Job, prow: ProwConfig) -> Rule:
    if job.spec is None:
        return
    containers = job.spec.get("containers", ())
    for index, container in enumerate(job.spec.get("initContainers", ())):
        if container.get("restartPolicy") != "Always":
            yield ("spec", "initContainers", index), "init containers are only for sidecars, with restartPolicy Always"
    if not containers:
        yield ("spec", "containers"), "pod spec must specify at least 1 container"
        return
    if len(containers) > 1:
        yield from _several(job, containers)
    volumes = job.spec.get("volumes", ())
    yield from _volumes(job.decoration_config, volumes)
    named = {volume.get("name", "") for volume in volumes} | _decoration_volumes(job.decoration_config)
    for index, container in enumerate(containers):
        here: Path = ("spec", "containers", index)
        yield from _env(job, container.get("env", ()), here)
        yield from _mounts(container.get("volumeMounts", ()), named, here)
    if message := contradiction_in(job.rerun_auth_config):
        yield ("rerun_auth_config",), message
    yield from _clone_uri(job)
    if job.decoration_config is not None:
        yield from decoration_problems(job.decoration_config)
        for index, container in enumerate(containers):
            words = [*(container.get("command") or ()), *(container.get("args") or ())]
            if not words or not words[0]:
                yield ("spec", "containers", index), "decorated job must specify command and/or args"


def _several(job: Job, containers: Sequence[Mapping[str, Any]]) -> Rule:
    if job.decoration_config is None:
        yield ("spec", "containers"), "pod utility decoration must be enabled to use multiple containers"
    seen: set[str] = set()
    for index, container in enumerate(containers):
        name = container.get("name", "")
        here: Path = ("spec", "containers", index)
        if not name:
            yield here, "container does not have name"
        elif name in seen:
            yield here, f'container named "{name}" is defined more than once'
        elif name in _UTILITIES:
            yield here, f'"{name}" is a reserved name for decoration'
        seen.add(name)


def _env(job: Job, variables: Sequence[Mapping[str, Any]], here: Path) -> Rule:
    reserved = _ENV_ALWAYS
    if isinstance(job, BranchJob):
        reserved |= _ENV_OF_REFS | (_ENV_OF_PULL if isinstance(job, Presubmit) else frozenset())
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        name = variable.get("name", "")
        if name in seen:
            yield (*here, "env", index), f'env var named "{name}" is defined more than once'
        if name in reserved:
            yield (*here, "env", index), f'env var named "{name}" is set by the system itself'
        seen.add(name)


def _volumes(decoration: Decoration | None, volumes: Sequence[Mapping[str, Any]]) -> Rule:
    reserved = _decoration_volumes(decoration)
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        name = volume.get("name", "")
        if name in seen:
            yield ("spec", "volumes", index), f'volume named "{name}" is defined more than once'
        if name in reserved:
            yield ("spec", "volumes", index), f'volume "{name}" is a reserved name for decoration'
        seen.add(name)


def _decoration_volumes(decoration: Decoration | None) -> frozenset[str]:
    """The volumes that decoration adds and a container may mount, whether or not the job is decorated."""
    if decoration is None:
        return _RESERVED_VOLUMES
    token = decoration.oauth_token_secret
    return _RESERVED_VOLUMES | {*decoration.ssh_key_secrets, *([token.name] if token else [])}


def _mounts(mounts: Sequence[Mapping[str, Any]], named: frozenset[str] | set[str], here: Path) -> Rule:
    for index, mount in enumerate(mounts):
        name, path = mount.get("name", ""), mount.get("mountPath", "")
        there = (*here, "volumeMounts", index)
        if name in _RESERVED_MOUNTS:
            yield there, f'mount name "{name}" is reserved for decoration'
        elif name not in named:
            yield there, f'mount "{name}" refers to no volume of the pod'
        if path in _RESERVED_PATHS:
            yield there, f'mount "{name}" at {path} conflicts with decoration'


def contradiction_in(auth: RerunAuthConfig | None) -> str | None:
    """What contradicts itself in who may run a job again."""
    listed = auth and (auth.github_team_ids or auth.github_team_slugs or auth.github_users or auth.github_orgs)
    if auth and auth.allow_anyone and listed:
        return "allow anyone is set to true and permitted users or groups are specified"
    return None


def _clone_uri(job: Job) -> Rule:
    if not job.clone_uri:
        return
    scheme, found, _ = job.clone_uri.rpartition("@")[2].partition("://")
    if job.decoration_config and job.decoration_config.oauth_token_secret and (not found or scheme not in _WEB):
        yield ("clone_uri",), f'"{job.clone_uri}" must be an http or https address, as an OAuth token is used'


def decoration_problems(decoration: Decoration) -> Rule:
    """What is wrong with a job's decoration once it is completed."""
    here = ("decoration_config",)
    images = decoration.utility_images
    if images is None:
        yield (*here, "utility_images"), "is missing: no utility image config is specified"
    elif missing := [name for name in images.__struct_fields__ if not getattr(images, name)]:
        yield (*here, "utility_images"), f"the following utility images are missing: {', '.join(missing)}"
    storage = decoration.gcs_configuration
    if storage is None:
        yield (*here, "gcs_configuration"), "is missing: no GCS upload configuration is specified"
        return
    if storage.path_strategy not in _STRATEGIES:
        yield (
            (*here, "gcs_configuration", "path_strategy"),
            f'"{storage.path_strategy}" is not one of {", ".join(_STRATEGIES)}',
        )
    elif storage.path_strategy != "explicit" and not (storage.default_org and storage.default_repo):
        yield (*here, "gcs_configuration"), f"default_org and default_repo are needed for {storage.path_strategy} paths"
    for extension, media_type in storage.media_types.items():
        if not re.fullmatch(r"[\w!#$&^.+-]+(/[\w!#$&^.+-]+)?( *;.*)?", media_type):
            yield (*here, "gcs_configuration", "mediaTypes", extension), f'"{media_type}" is not a media type'
    if decoration.oauth_token_secret and decoration.ssh_key_secrets:
        yield here, "both OAuth token and SSH key secrets are specified"


# Kinds of jobs


def _patterns(job: Job, _: ProwConfig) -> Rule:
    assert isinstance(job, BranchJob)
    for name in ("branches", "skip_branches"):
        for index, pattern in enumerate(getattr(job, name)):
            yield from _pattern(pattern, (name, index))
    for name in ("run_if_changed", "skip_if_only_changed"):
        yield from _pattern(getattr(job, name), (name,))
    if isinstance(job, Presubmit | Postsubmit) and job.always_run and job.depends_on_changes:
        given = "run_if_changed" if job.run_if_changed else "skip_if_only_changed"
        yield (
            ("always_run",),
            f"job {job.name} is set to always run but also declares {given} targets, which are mutually exclusive",
        )
    if job.run_if_changed and job.skip_if_only_changed:
        yield (
            ("skip_if_only_changed",),
            f"job {job.name} declares run_if_changed and skip_if_only_changed, which are mutually exclusive",
        )


def _pattern(pattern: str, field: Path) -> Rule:
    try:
        compiled(pattern)
    except ValueError as error:
        yield field, str(error)


def _presubmit(job: Job, _: ProwConfig) -> Rule:
    assert isinstance(job, Presubmit)
    if job.skip_report and job.labels.get(_GERRIT_REPORT):
        yield ("skip_report",), f"the label {_GERRIT_REPORT} asks for a report"
    if bool(job.trigger) != bool(job.rerun_command):
        given, missing = ("trigger", "rerun_command") if job.trigger else ("rerun_command", "trigger")
        yield (given,), f"either both of trigger and rerun_command must be set or neither; {missing} is not"
        return
    if job.has_default_trigger and job.rerun_command == f"/test {job.name}":
        return  # right by construction: to compile one pattern a job takes a fifth of a whole load
    try:
        if not matches(job.trigger, job.rerun_command):
            yield ("rerun_command",), f'"{job.rerun_command}" does not match trigger "{job.trigger}"'
    except ValueError as error:
        yield ("trigger",), str(error)


def _periodic(job: Job, _: ProwConfig) -> Rule:
    assert isinstance(job, Periodic)
    given = [name for name in ("cron", "interval", "minimum_interval") if getattr(job, name)]
    if len(given) > 1:
        yield (
            (given[1],),
            f"cron, interval, and minimum_interval are mutually exclusive in periodic {job.name}",
        )
    if not given:
        yield (), f"at least one of cron, interval, or minimum_interval must be set in periodic {job.name}"
    for name in given:
        try:
            if name == "cron":
                cron.of_periodic(job.cron)
            else:
                nanoseconds(getattr(job, name))
        except ValueError as error:
            yield (name,), str(error)
    if job.retry is not None:
        try:
            nanoseconds(job.retry.interval)
        except ValueError as error:
            yield ("retry", "interval"), str(error)


# Jobs among each other


def clashes_in_repository(jobs: Sequence[BranchJob], kind: str) -> Iterator[Problem]:
    """Jobs of one repository that may run for the same branch under the same name or context."""
    for job, other in _meeting(jobs, lambda job: job.name):
        yield Problem(
            other,
            ("name",),
            f"duplicated {kind} jobs (consider both inrepo and central config): {job.name}, first in "
            f"{job.origin.file}:{job.origin.line}",
        )
    for job, other in _meeting(jobs, lambda job: job.context):
        if job.name != other.name:
            yield Problem(
                other,
                ("context",),
                f'jobs {job.name} and {other.name} report to the same GitHub context "{job.context}"',
            )


def _meeting(jobs: Sequence[BranchJob], key: Callable[[BranchJob], str]) -> Iterator[tuple[BranchJob, BranchJob]]:
    same: dict[str, list[BranchJob]] = defaultdict(list)
    for job in jobs:
        same[key(job)].append(job)
    for group in same.values():
        yield from (pair for pair in combinations(group, 2) if may_meet(*pair))


def clashes_of_periodics(jobs: Iterable[Periodic]) -> Iterator[Problem]:
    first: dict[str, Periodic] = {}
    for job in jobs:
        if job.name in first:
            place = first[job.name].origin
            yield Problem(job, ("name",), f"duplicated periodic job: {job.name}, first in {place.file}:{place.line}")
        first.setdefault(job.name, job)
