"""What each pod utility is told: one JSON object in one environment variable, the same keys as upstream's.

A key that is absent and one that is empty mean the same. Times are nanoseconds.
Source: sigs.k8s.io/prow pkg/{clonerefs,gcsupload,initupload,entrypoint,sidecar} (options), pkg/pod-utils/options.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from cutwater.podutils import files, gojson, paths
from cutwater.podutils.gotext import quoted
from cutwater.prowjob.decoration import StorageConfiguration
from cutwater.prowjob.types import Refs

CLONEREFS, INITUPLOAD = "CLONEREFS_OPTIONS", "INITUPLOAD_OPTIONS"
ENTRYPOINT, SIDECAR = "ENTRYPOINT_OPTIONS", "SIDECAR_OPTIONS"

Options = TypeVar("Options", bound=Struct)


class CloneOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """CLONEREFS_OPTIONS: which code is fetched to where, and with whose keys.

    `tree`: what the first of `refs` must give, "" for whatever it gives. Prow's own clonerefs passes it over.
    """

    src_root: str = ""
    log: str = ""
    git_user_name: str = ""
    git_user_email: str = ""
    refs: tuple[Refs, ...] = ()
    key_files: tuple[str, ...] = ()
    oauth_token_file: str = ""
    host_fingerprints: tuple[str, ...] = ()
    max_parallel_workers: int = 0
    fail: bool = False
    cookie_path: str = ""
    github_api_endpoints: tuple[str, ...] = ()
    github_app_id: str = ""
    github_app_private_key_file: str = ""
    tree: str = ""


class UploadOptions(StorageConfiguration, frozen=True, kw_only=True, omit_defaults=True):
    """What is uploaded, and where to. In JSON these keys stand beside those of the storage configuration."""

    items: tuple[str, ...] = ()
    sub_dir: str = ""
    gcs_credentials_file: str = ""
    s3_credentials_file: str = ""
    dry_run: bool = False


class InitUploadOptions(UploadOptions, frozen=True, kw_only=True, omit_defaults=True):
    """INITUPLOAD_OPTIONS. `log`: the records that clonerefs left."""

    log: str = ""


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One test container that is watched: its command, and the files in which its run is written down."""

    args: tuple[str, ...] = ()
    container_name: str = ""
    process_log: str = ""
    marker_file: str = ""
    metadata_file: str = ""


class EntrypointOptions(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """ENTRYPOINT_OPTIONS, as the pod is given them. (The entrypoint reads them by itself: it must start at once.)"""

    timeout: int = 0
    grace_period: int = 0
    artifact_dir: str = ""


class Censoring(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the sidecar takes out of logs and artifacts. The directories of files are globs, relative to an item."""

    secret_directories: tuple[str, ...] | None = None
    censoring_concurrency: int | None = None
    censoring_buffer_size: int | None = None
    include_directories: tuple[str, ...] | None = None
    exclude_directories: tuple[str, ...] | None = None
    ini_filenames: tuple[str, ...] | None = None
    minimum_secret_length: int | None = None


class SidecarOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """SIDECAR_OPTIONS. The keys from `wrapper_options` on are those of older pods.

    `upload_uncensored`: also where a secret cannot be read.
    """

    gcs_options: UploadOptions = UploadOptions()
    entries: tuple[Entry, ...] = ()
    entry_error: bool = False
    ignore_interrupts: bool = False
    censoring_options: Censoring | None = None
    upload_uncensored: bool = False
    wrapper_options: Entry | None = None
    secret_directories: tuple[str, ...] | None = None
    censoring_concurrency: int | None = None
    censoring_buffer_size: int | None = None


def text(options: Struct) -> str:
    """The options as the environment carries them."""
    return msgspec.json.encode(options).decode()


def load(
    environment: Mapping[str, str],
    variable: str,
    kind: type[Options],
    from_flags: Callable[[Sequence[str]], Options],
    arguments: Sequence[str],
) -> Options:
    """The options of this program: where the variable is set the flags are ignored. Raises ValueError."""
    value = environment.get(variable)
    if value is None:
        return from_flags(arguments)
    try:
        return gojson.decode(value, kind)
    except ValueError as error:
        raise ValueError(f"could not load config from JSON var {variable}: {error}") from error


def all_entries(options: SidecarOptions) -> tuple[Entry, ...]:
    """The containers that are waited for."""
    return (options.wrapper_options, *options.entries) if options.wrapper_options else options.entries


def check_upload(options: UploadOptions) -> None:
    """Raises ValueError for options by which nothing could be uploaded."""
    if options.local_output_dir:
        return
    if not options.dry_run and not options.bucket:
        raise ValueError("GCS upload was requested no GCS bucket was provided")
    paths.bucket(options.bucket)
    for media_type in options.media_types.values():
        problem = files.media_type_problem(media_type)
        if problem:
            raise ValueError(f"invalid extension media type {quoted(media_type)}: {problem}")
    if options.path_strategy not in paths.STRATEGIES:
        raise ValueError('gcs_path_strategy must be one of "legacy", "explicit", or "single"')
    if options.path_strategy != "explicit" and not (options.default_org and options.default_repo):
        raise ValueError(f"default org and repo must be provided for GCS strategy {quoted(options.path_strategy)}")


def without_older_keys(options: SidecarOptions) -> SidecarOptions:
    """The options with what stands in their older keys in the newer places. Raises ValueError where both are used."""
    older = Censoring(
        secret_directories=options.secret_directories,
        censoring_concurrency=options.censoring_concurrency,
        censoring_buffer_size=options.censoring_buffer_size,
    )
    if older == Censoring():
        return options
    if options.censoring_options is not None:
        raise ValueError(
            "cannot use deprecated options (secret_directories, censoring_{concurrency,buffer_size})"
            " and new options (censoring_options) at the same time"
        )
    return msgspec.structs.replace(options, censoring_options=older)


def check_sidecar(options: SidecarOptions) -> None:
    """Raises ValueError for options with which nothing could be waited for, or uploaded."""
    entries = all_entries(options)
    if not entries:
        raise ValueError("no wrapper.Option entries")
    for index, entry in enumerate(entries):
        if not entry.process_log:
            raise ValueError(f"entry {index}: no log file specified with --process-log")
        if not entry.marker_file:
            raise ValueError(f"entry {index}: no marker file specified with --marker-file")
    check_upload(options.gcs_options)
