"""The pod that plank makes of a ProwJob.

A decorated pod has, in the order of execution: `clonerefs`, the user's init containers, `initupload`,
`place-entrypoint`, the test containers, each behind the entrypoint, and beside them `sidecar`. What they share lies in
three volumes: `logs`, `tools` and `code`. Pure: nothing but the ProwJob and its build id decide.
Source: sigs.k8s.io/prow pkg/pod-utils/decorate.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from cutwater.podutils import clone, containers, jobspec, options
from cutwater.podutils.containers import Object
from cutwater.podutils.gotext import quoted
from cutwater.prowjob import labels
from cutwater.prowjob.decoration import Decoration
from cutwater.prowjob.types import ProwJob, Refs

TEST_CONTAINER = "test"


def pod_for(job: ProwJob, *, build_id: str, output_dir: str = "") -> Object:
    """The pod, without a namespace. With `output_dir` (of the node) files are copied there, and no bucket is used.

    Raises ValueError, in upstream's words where it has any, for what cannot be made.
    """
    if job.spec.pod_spec is None:
        raise ValueError(f"prowjob {quoted(job.metadata.name)} lacks a pod spec")
    told = jobspec.of(job, build_id)
    variables = jobspec.environment(told, agent=job.spec.agent)
    spec: Object = msgspec.json.decode(msgspec.json.encode(job.spec.pod_spec))
    tests: list[Object] = spec.get("containers") or []
    spec |= {"restartPolicy": "Never", "containers": tests}
    if len(tests) == 1:
        tests[0]["name"] = TEST_CONTAINER
    if spec.get("automountServiceAccountToken") is None and not spec.get("serviceAccountName"):
        # Before a default account is filled in: that one's token is mounted only where the job asks for it.
        spec["automountServiceAccountToken"] = False
    if job.spec.decoration_config is None:
        for container in tests:
            _append(container, "env", containers.variables(variables))
    else:
        _decorate(spec, job, job.spec.decoration_config, variables, output_dir)
    for container in [*(spec.get("initContainers") or ()), *spec["containers"]]:
        if not container.get("terminationMessagePolicy"):
            container["terminationMessagePolicy"] = "FallbackToLogsOnError"
    extra = {**job.metadata.labels, labels.ID: job.metadata.name, labels.BUILD_ID: build_id}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": job.metadata.name,
            "labels": labels.labels_of(job.spec, extra),
            "annotations": labels.annotations_of(job.spec, job.metadata.annotations),
        },
        "spec": spec,
    }


def _decorate(spec: Object, job: ProwJob, decoration: Decoration, variables: dict[str, str], output_dir: str) -> None:
    tests = spec["containers"]
    variables = {**variables, "ARTIFACTS": containers.ARTIFACTS, "GOPATH": containers.CODE["mountPath"]}
    refs = _refs_to_clone(job, decoration)
    storage = containers.storage(decoration, output_dir)
    told = variables[jobspec.VARIABLE]
    tree = job.metadata.annotations.get(labels.TREES, "").rpartition(",")[2] if job.spec.refs else ""
    before = [containers.clonerefs(decoration, refs, tree=tree)] if refs else []
    after = [
        containers.initupload(decoration, storage, told, clones=bool(refs)),
        containers.place_entrypoint(decoration),
    ]
    spec["initContainers"] = before + list(spec.get("initContainers") or ()) + after
    secrets = _secret_mounts(spec) if decoration.censor_secrets else []

    entries = []
    for container in tests:
        _append(container, "env", containers.variables(variables))
        entries.append(_wrap(container, decoration, alone=len(tests) == 1))
    may_leak = job.metadata.annotations.get(labels.UPLOAD_UNCENSORED) == "true"
    sidecar = containers.sidecar(decoration, storage, told, entries, secrets, uncensored=may_leak)

    _append(spec, "volumes", [containers.empty("logs"), containers.empty("tools"), *storage.volumes])
    if refs:
        for container in tests:
            container["workingDir"] = _working_directory(refs)
            _append(container, "volumeMounts", [dict(containers.CODE)])
        _append(spec, "volumes", [*containers.clone_volumes(decoration), containers.empty("code")])
    _set_resources(tests, decoration)
    _set_pod_defaults(spec, decoration)
    tests.append(sidecar)


def _refs_to_clone(job: ProwJob, decoration: Decoration) -> Sequence[Refs]:
    if decoration.skip_cloning:
        return ()
    return (*((job.spec.refs,) if job.spec.refs else ()), *job.spec.extra_refs)


def _secret_mounts(spec: Object) -> list[Object]:
    """How the tests see the secrets that the user mounts: the sidecar must know them to take them out of the logs."""
    names = {volume.get("name") for volume in spec.get("volumes") or () if volume.get("secret") is not None}
    mounts = (mount for container in spec["containers"] for mount in container.get("volumeMounts") or ())
    return [mount for mount in mounts if mount.get("name") in names]


def _wrap(container: Object, decoration: Decoration, *, alone: bool) -> options.Entry:
    """Put the entrypoint before the container's command."""
    name = container.get("name", "")
    prefix = "" if alone or not name else f"{name}-"
    entry = options.Entry(
        args=(*(container.get("command") or ()), *(container.get("args") or ())),
        container_name=name,
        process_log=f"/logs/{prefix or 'process-'}log.txt",
        marker_file=f"/logs/{prefix}marker.txt" if prefix else "/logs/marker-file.txt",
        metadata_file=f"{containers.ARTIFACTS}/{prefix}metadata.json",
    )
    told = options.EntrypointOptions(
        **msgspec.structs.asdict(entry),
        timeout=jobspec.nanoseconds(decoration.timeout or 0),
        grace_period=jobspec.nanoseconds(decoration.grace_period or 0),
        artifact_dir=containers.ARTIFACTS,
    )
    container["command"] = [containers.ENTRYPOINT]
    container.pop("args", None)
    _append(container, "env", containers.variables({options.ENTRYPOINT: options.text(told)}))
    _append(container, "volumeMounts", [dict(containers.LOGS), dict(containers.TOOLS)])
    return entry


def _working_directory(refs: Sequence[Refs]) -> str:
    chosen = next((r for r in refs if r.workdir), refs[0])
    return clone.directory(containers.CODE["mountPath"], chosen)


def _set_resources(tests: Sequence[Object], decoration: Decoration) -> None:
    """Memory that the tests ask for by default, and the limit that follows it."""
    for container in tests:
        resources = dict(container.get("resources") or {})
        requests = dict(resources.get("requests") or {})
        if decoration.default_memory_request is not None:
            requests.setdefault("memory", decoration.default_memory_request)
        if requests:
            resources["requests"] = requests
        if decoration.set_limit_equals_memory_request and "memory" in requests:
            resources["limits"] = {**(resources.get("limits") or {}), "memory": requests["memory"]}
        if resources:
            container["resources"] = resources


def _set_pod_defaults(spec: Object, decoration: Decoration) -> None:
    """What the pod has where the user does not say otherwise."""
    security = spec["securityContext"] = dict(spec.get("securityContext") or {})
    scheduling = decoration.scheduling_options
    defaults = [
        (security, "runAsUser", decoration.run_as_user),
        (security, "runAsGroup", decoration.run_as_group),
        (security, "fsGroup", decoration.fs_group),
        (spec, "affinity", scheduling and scheduling.affinity),
        (spec, "tolerations", scheduling and scheduling.tolerations and list(scheduling.tolerations)),
        (spec, "terminationGracePeriodSeconds", _grace_seconds(decoration)),
    ]
    for place, key, default in defaults:
        if place.get(key) is None and default is not None:
            place[key] = default
    if not spec.get("serviceAccountName") and decoration.default_service_account_name:
        spec["serviceAccountName"] = decoration.default_service_account_name


def _grace_seconds(decoration: Decoration) -> int | None:
    """The pod's grace: four fifths for the test to end, one fifth for the upload."""
    if decoration.grace_period is None:
        return None
    return jobspec.nanoseconds(decoration.grace_period) // 1_000_000_000 * 5 // 4


def _append(place: Object, key: str, values: Sequence[Any]) -> None:
    place[key] = [*(place.get(key) or ()), *values]
