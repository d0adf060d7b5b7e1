"""Where the files of a run lie in the bucket, what points at them, and the link that shows them.

Source: sigs.k8s.io/prow pkg/pod-utils/gcs (target), pkg/gcsupload (PathsForJob), pkg/pjutil (JobURL), pkg/io/providers.
"""

import posixpath
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from cutwater.podutils import jobspec, urls
from cutwater.podutils.gotext import quoted
from cutwater.podutils.jobspec import JobSpec
from cutwater.prowjob.decoration import StorageConfiguration
from cutwater.prowjob.types import ProwJob, Refs

STRATEGIES = ("legacy", "explicit", "single")
_LOGS, _PULL_LOGS = "logs", "pr-logs"


class Bucket(Struct, frozen=True, kw_only=True):
    """A bucket as a configuration names it: `s3://name/path`, or plain `name`, which is Google's."""

    provider: str
    name: str
    path: str = ""

    @property
    def full_path(self) -> str:
        return self.name + self.path


def bucket(text: str) -> Bucket:
    """Read a bucket. Raises ValueError for what is no address."""
    address = text if "://" in text else f"gs://{text}"
    try:
        url = urls.parse(address)
    except ValueError as error:
        expected = "expected either <bucket-name>[/<path>] or <storage-provider>://<bucket-name>[/<path>]"
        raise ValueError(f"path {quoted(address)} has invalid format, {expected}") from error
    return Bucket(provider=url.scheme, name=url.host, path=url.plain_path)


def join(*parts: str) -> str:
    """The parts as one path: empty ones vanish, `..` goes up, and nothing is doubled."""
    whole = "/".join(part for part in parts if part)
    if not whole:
        return ""
    clean = posixpath.normpath(whole)
    return clean[1:] if clean.startswith("//") else clean


def run_path(spec: JobSpec, storage: StorageConfiguration, sub_dir: str = "") -> str:
    """The folder of one run. Raises ValueError for a job of no known type, or one that lacks its refs."""
    return join(storage.path_prefix, _folder(spec, storage), sub_dir)


def _folder(spec: JobSpec, storage: StorageConfiguration) -> str:
    if spec.type in {"periodic", "postsubmit"}:
        return join(_LOGS, spec.job, spec.buildid)
    if spec.type == "batch":
        return join(_PULL_LOGS, "pull", "batch", spec.job, spec.buildid)
    return join(_pull_folder(spec, storage), spec.job, spec.buildid)


def _pull_folder(spec: JobSpec, storage: StorageConfiguration) -> str:
    if spec.type != "presubmit":
        raise ValueError(f"unknown job spec type: {spec.type}")
    if spec.refs is None or not spec.refs.pulls:
        raise ValueError(f"presubmit job {quoted(spec.job)} lacks a pull request")
    return join(_PULL_LOGS, "pull", _segment(spec.refs, storage), str(spec.refs.pulls[0].number))


def _segment(refs: Refs, storage: StorageConfiguration) -> str:
    """The part of the path that stands for the repository."""
    is_default_org = refs.org == storage.default_org
    is_default = is_default_org and refs.repo == storage.default_repo
    match storage.path_strategy:
        case "explicit":
            pass
        case "legacy" if is_default_org:
            return "" if is_default else refs.repo
        case "single" if is_default:
            return ""
        case "legacy" | "single":
            pass
        case other:
            raise ValueError(f"unknown path strategy {quoted(other)}")
    org = refs.org.removeprefix("https://").removeprefix("http://").rstrip("/")
    return f"{org}_{refs.repo.replace('/', '_')}"


def alias(spec: JobSpec) -> str:
    """The object that names the folder of a presubmit's run, or "" where there is none. Without path_prefix."""
    return join(_PULL_LOGS, "directory", spec.job, f"{spec.buildid}.txt") if spec.type == "presubmit" else ""


def latest_builds(spec: JobSpec, storage: StorageConfiguration | None = None) -> list[str]:
    """The objects that hold a job's newest build id. Without `storage`, the one of the pull request is left out."""
    latest = [join(root(spec), "latest-build.txt")]
    if spec.type == "presubmit" and storage is not None:
        latest.append(join(_pull_folder(spec, storage), spec.job, "latest-build.txt"))
    return latest


def root(spec: JobSpec) -> str:
    """The folder below which all runs of a job are found."""
    if spec.type in {"periodic", "postsubmit"}:
        return join(_LOGS, spec.job)
    return join(_PULL_LOGS, "directory", spec.job)


def alias_target(spec: JobSpec, storage: StorageConfiguration) -> str:
    """What stands in the alias: the address of the run's folder. Raises ValueError for a bucket that is no address."""
    folder = run_path(spec, storage)
    try:
        has_scheme = bool(urls.parse(storage.bucket).scheme)
    except ValueError as error:
        raise ValueError(f"parse bucket {quoted(storage.bucket)}: {error}") from error
    return f"{storage.bucket}/{folder}" if has_scheme else f"gs://{join(storage.bucket, folder)}"


def storage_path(bucket_text: str, path: str) -> str:
    """The address of an object: `s3://bucket/path`. A path inside the bucket's own name is dropped."""
    found = bucket(bucket_text)
    return f"{found.provider}://{found.name}/{path}"


def job_url(job: ProwJob, *, build_id: str, prefixes: Mapping[str, str], names_provider: bool = True) -> str | None:
    """The link that shows a decorated run, or None where the job's template must make it.

    `prefixes`: plank's job_url_prefix_config; `names_provider`: whether `gs` or `s3` is part of the path.
    Raises ValueError for a bucket that is no address.
    """
    decoration = job.spec.decoration_config
    prefix = url_prefix(job, prefixes)
    if decoration is None or not prefix:
        return None
    storage = decoration.gcs_configuration or StorageConfiguration()
    folder = run_path(jobspec.of(job, build_id), storage)
    try:
        place = bucket(storage.bucket)
    except ValueError as error:
        raise ValueError(f"calculating joburl: {error}") from error
    url = urls.parse(prefix)
    path = join(unquote(url.path), place.provider if names_provider else "", place.full_path, folder)
    return str(msgspec.structs.replace(url, path=urls.encoded(path)))


def url_prefix(job: ProwJob, prefixes: Mapping[str, str]) -> str:
    """What the links to a run begin with, or "" where nobody says. `prefixes`: plank's job_url_prefix_config."""
    decoration = job.spec.decoration_config
    own = decoration and decoration.gcs_configuration and decoration.gcs_configuration.job_url_prefix
    if own:
        return own
    refs = job.spec.refs or next(iter(job.spec.extra_refs), None)
    if refs is None or not refs.org:
        return prefixes.get("*", "")
    return prefixes.get(refs.full_name) or prefixes.get(refs.org) or prefixes.get("*", "")
