"""decoration_config: how a job's pod is surrounded by the pod utilities.

`None` is "not said", so that a default may fill it in; an explicit empty value stands.
Source: sigs.k8s.io/prow pkg/apis/prowjobs/v1 (DecorationConfig).
"""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct, field

Duration = Annotated[str | int, Meta(extra={"reads": "duration"})]
"""A Go duration ("1h30m0s"), or nanoseconds as a whole number. `cutwater.prowjob.duration` reads it."""

Quantity = Annotated[str | int | float, Meta(extra={"reads": "quantity"})]
"""An amount as Kubernetes writes it: "500m", "2Gi"."""

ResourceRequirements = Annotated[Mapping[str, Any], Meta(extra={"kubernetes": "ResourceRequirements"})]
Affinity = Annotated[Mapping[str, Any], Meta(extra={"kubernetes": "Affinity"})]
Toleration = Annotated[Mapping[str, Any], Meta(extra={"kubernetes": "Toleration"})]


class UtilityImages(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The images of the pod utilities."""

    clonerefs: str = ""
    initupload: str = ""
    entrypoint: str = ""
    sidecar: str = ""


class Resources(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Kubernetes' resource requirements of each utility container."""

    clonerefs: ResourceRequirements | None = None
    initupload: ResourceRequirements | None = None
    place_entrypoint: ResourceRequirements | None = None
    sidecar: ResourceRequirements | None = None


class StorageConfiguration(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """gcs_configuration: where a run's files go. `bucket` may name its provider: `s3://name`."""

    bucket: str = ""
    path_prefix: str = ""
    path_strategy: str = ""
    default_org: str = ""
    default_repo: str = ""
    job_url_prefix: str = ""
    local_output_dir: str = ""
    media_types: Mapping[str, str] = field(default_factory=dict, name="mediaTypes")
    compress_file_types: tuple[str, ...] | None = None


class SecretKey(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One key of a Secret."""

    name: str = ""
    key: str = ""


class CensoringOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the sidecar removes secrets from logs and artifacts. `censoring_buffer_size`: bytes."""

    censoring_concurrency: int | None = None
    censoring_buffer_size: int | None = None
    include_directories: tuple[str, ...] | None = None
    exclude_directories: tuple[str, ...] | None = None
    minimum_secret_length: int | None = None


class SchedulingOptions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the pod may run, in Kubernetes' own words."""

    affinity: Affinity | None = None
    tolerations: tuple[Toleration, ...] | None = None


class Decoration(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything a decorated job may say. The times are Go durations."""

    timeout: Duration | None = None
    grace_period: Duration | None = None
    utility_images: UtilityImages | None = None
    resources: Resources | None = None
    gcs_configuration: StorageConfiguration | None = None
    gcs_credentials_secret: str | None = None
    s3_credentials_secret: str | None = None
    default_service_account_name: str | None = None
    ssh_key_secrets: tuple[str, ...] = ()
    ssh_host_fingerprints: tuple[str, ...] = ()
    blobless_fetch: bool | None = None
    sparse_checkout_files: tuple[str, ...] = ()
    skip_cloning: bool | None = None
    cookiefile_secret: str | None = None
    oauth_token_secret: SecretKey | None = None
    github_api_endpoints: tuple[str, ...] = ()
    github_app_id: str = ""
    github_app_private_key_secret: SecretKey | None = None
    censor_secrets: bool | None = None
    censoring_options: CensoringOptions | None = None
    upload_ignores_interrupts: bool | None = None
    set_limit_equals_memory_request: bool | None = None
    default_memory_request: Quantity | None = None
    scheduling_options: SchedulingOptions | None = None
    pod_pending_timeout: Duration | None = None
    pod_running_timeout: Duration | None = None
    pod_unscheduled_timeout: Duration | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    fs_group: int | None = None
