"""The containers and volumes that the pod utilities bring into a test's pod.

Source: sigs.k8s.io/prow pkg/pod-utils/decorate.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from cutwater.podutils import jobspec, options, paths
from cutwater.prowjob.decoration import CensoringOptions, Decoration, SecretKey, StorageConfiguration, UtilityImages
from cutwater.prowjob.types import Refs

Object = dict[str, Any]
"""A Kubernetes object, or a part of one."""

LOGS = {"name": "logs", "mountPath": "/logs"}
CODE = {"name": "code", "mountPath": "/home/prow/go"}
TOOLS = {"name": "tools", "mountPath": "/tools"}
OUTPUT = {"name": "output", "mountPath": "/output"}
ARTIFACTS = "/logs/artifacts"
ENTRYPOINT = "/tools/entrypoint"
CLONE_LOG = "/logs/clone.json"
GITHUB_API = "https://api.github.com"
GIT_USER = ("ci-robot", "ci-robot@k8s.io")
_OWNER_READS = 0o400

_UPSTREAM = "us-docker.pkg.dev/k8s-infra-prow/images/{}:v20260821-a61940897"
UPSTREAM_IMAGES = UtilityImages(
    clonerefs=_UPSTREAM.format("clonerefs"),
    initupload=_UPSTREAM.format("initupload"),
    entrypoint=_UPSTREAM.format("entrypoint"),
    sidecar=_UPSTREAM.format("sidecar"),
)
"""What runs where a decoration names no image: cutwater's own programs and these do the same."""


class Storage(Struct, frozen=True, kw_only=True):
    """How the utilities reach the bucket: their options, and what brings them the credentials."""

    options: options.UploadOptions
    volumes: tuple[Object, ...] = ()
    mounts: tuple[Object, ...] = ()


def variables(values: Mapping[str, str]) -> list[Object]:
    """Environment variables in the order of their names."""
    return [{"name": name, "value": values[name]} for name in sorted(values)]


def empty(name: str) -> Object:
    """A volume that begins empty and ends with the pod."""
    return {"name": name, "emptyDir": {}}


def storage(decoration: Decoration, output_dir: str = "") -> Storage:
    """Where results go: the bucket with its credentials, or a folder of the node."""
    configured = decoration.gcs_configuration or StorageConfiguration()
    upload = options.UploadOptions(**msgspec.structs.asdict(configured))
    if output_dir:
        local = msgspec.structs.replace(upload, local_output_dir=OUTPUT["mountPath"])
        volume = {"name": OUTPUT["name"], "hostPath": {"path": output_dir}}
        return Storage(options=local, volumes=(volume,), mounts=(dict(OUTPUT),))
    volumes, mounts = [], []
    for kind, folder, secret in (
        ("gcs", "/secrets/gcs", decoration.gcs_credentials_secret),
        ("s3", "/secrets/s3-storage", decoration.s3_credentials_secret),
    ):
        if secret:
            volumes.append({"name": f"{kind}-credentials", "secret": {"secretName": secret}})
            mounts.append({"name": f"{kind}-credentials", "mountPath": folder})
            upload = msgspec.structs.replace(upload, **{f"{kind}_credentials_file": f"{folder}/service-account.json"})
    return Storage(options=upload, volumes=tuple(volumes), mounts=tuple(mounts))


class _Secret(Struct, frozen=True, kw_only=True):
    """A secret of clonerefs: its volume, and where it is mounted, read-only."""

    volume: str
    folder: str
    secret: str
    key: str = ""

    def as_volume(self) -> Object:
        source: Object = {"secretName": self.secret}
        if self.key:
            source["items"] = [{"key": self.key, "path": f"./{self.key}"}]
        else:
            source["defaultMode"] = _OWNER_READS
        return {"name": self.volume, "secret": source}

    def as_mount(self) -> Object:
        return {"name": self.volume, "mountPath": self.folder, "readOnly": True}

    @property
    def file(self) -> str:
        return paths.join(self.folder, self.key)


def _keyed(folder: str, secret: SecretKey | None) -> _Secret | None:
    if secret is None:
        return None
    return _Secret(volume=secret.name, folder=folder, secret=secret.name, key=secret.key)


def _ssh(decoration: Decoration) -> list[_Secret]:
    return [
        _Secret(volume=f"ssh-keys-{name}", folder=paths.join("/secrets/ssh", name), secret=name)
        for name in decoration.ssh_key_secrets
    ]


def _oauth(decoration: Decoration) -> _Secret | None:
    return _keyed("/secrets/oauth", decoration.oauth_token_secret)


def _app_key(decoration: Decoration) -> _Secret | None:
    return _keyed("/secrets/github-app", decoration.github_app_private_key_secret)


def _cookies(decoration: Decoration) -> tuple[_Secret, str] | None:
    """The secret that holds the cookies, and the file in it: `secret/key`, or a key of the secret's own name."""
    if not decoration.cookiefile_secret:
        return None
    name, slash, key = decoration.cookiefile_secret.partition("/")
    mounted = _Secret(volume="cookiefile", folder="/secrets/cookiefile", secret=name)
    return mounted, paths.join(mounted.folder, key if slash else name)


def _clone_secrets(decoration: Decoration) -> tuple[list[_Secret], list[_Secret]]:
    """What is mounted before /tmp, and what after it."""
    before = [*_ssh(decoration), *(s for s in (_oauth(decoration), _app_key(decoration)) if s)]
    cookies = _cookies(decoration)
    return before, [cookies[0]] if cookies else []


def clone_volumes(decoration: Decoration) -> list[Object]:
    """The volumes that only clonerefs uses."""
    before, after = _clone_secrets(decoration)
    return [*(s.as_volume() for s in before), empty("clonerefs-tmp"), *(s.as_volume() for s in after)]


def clonerefs(decoration: Decoration, refs: Sequence[Refs], *, tree: str = "") -> Object:
    """The container that fetches the code. `tree`: what the first of `refs` must give."""
    before, after = _clone_secrets(decoration)
    oauth, app_key, cookies = _oauth(decoration), _app_key(decoration), _cookies(decoration)
    name, email = GIT_USER
    told = options.CloneOptions(
        src_root=CODE["mountPath"],
        log=CLONE_LOG,
        git_user_name=name,
        git_user_email=email,
        refs=tuple(refs),
        key_files=tuple(s.folder for s in _ssh(decoration)),
        oauth_token_file=oauth.file if oauth else "",
        host_fingerprints=decoration.ssh_host_fingerprints,
        cookie_path=cookies[1] if cookies else "",
        github_api_endpoints=decoration.github_api_endpoints or (GITHUB_API,),
        github_app_id=decoration.github_app_id,
        github_app_private_key_file=app_key.file if app_key else "",
        tree=tree,
    )
    mounts = [
        LOGS,
        CODE,
        *(s.as_mount() for s in before),
        {"name": "clonerefs-tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of its own
        *(s.as_mount() for s in after),
    ]
    container = _utility("clonerefs", decoration, mounts, {options.CLONEREFS: options.text(told)})
    # The flag is for people who look: the program takes its options from the variable alone.
    return container | ({"args": [f"--cookiefile={cookies[1]}"]} if cookies else {})


def initupload(decoration: Decoration, storage: Storage, job_spec: str, *, clones: bool) -> Object:
    """The container that says in storage that the run has begun, and how the cloning went."""
    told = options.InitUploadOptions(**msgspec.structs.asdict(storage.options), log=CLONE_LOG if clones else "")
    mounts = [*([LOGS] if clones else ()), *storage.mounts]
    values = {options.INITUPLOAD: options.text(told), jobspec.VARIABLE: job_spec}
    return _utility("initupload", decoration, mounts, values)


def place_entrypoint(decoration: Decoration) -> Object:
    """The container that puts the entrypoint where the tests' containers find it."""
    container = _utility("place_entrypoint", decoration, [TOOLS], {})
    return container | {"args": ["--copy-mode-only"]}


def sidecar(
    decoration: Decoration,
    storage: Storage,
    job_spec: str,
    entries: Sequence[options.Entry],
    secrets: Sequence[Object],
    *,
    uncensored: bool,
) -> Object:
    """The container that waits for the tests and uploads what they leave. `secrets`: mounts that it censors.

    `uncensored`: it uploads also where it cannot read one of them.
    """
    wanted = decoration.censoring_options or CensoringOptions()
    told = options.SidecarOptions(
        gcs_options=msgspec.structs.replace(storage.options, items=(ARTIFACTS,)),
        entries=tuple(entries),
        ignore_interrupts=bool(decoration.upload_ignores_interrupts),
        censoring_options=options.Censoring(
            secret_directories=tuple(mount["mountPath"] for mount in secrets) or None,
            **msgspec.structs.asdict(wanted),
        ),
        upload_uncensored=uncensored,
    )
    credentials = [mount for mount in storage.mounts if mount != OUTPUT]
    output = [mount for mount in storage.mounts if mount == OUTPUT]
    mounts = [LOGS, *credentials, *secrets, *output]
    values = {options.SIDECAR: options.text(told), jobspec.VARIABLE: job_spec}
    return _utility("sidecar", decoration, mounts, values)


def _utility(
    name: Literal["clonerefs", "initupload", "place_entrypoint", "sidecar"],
    decoration: Decoration,
    mounts: Sequence[Mapping[str, Any]],
    values: Mapping[str, str],
) -> Object:
    image = "entrypoint" if name == "place_entrypoint" else name
    resources = decoration.resources and getattr(decoration.resources, name)
    images = decoration.utility_images or UPSTREAM_IMAGES
    container: Object = {
        "name": name.replace("_", "-"),
        "image": getattr(images, image) or getattr(UPSTREAM_IMAGES, image),
        "resources": dict(resources or {}),
        "volumeMounts": [dict(mount) for mount in mounts],
    }
    return container | ({"env": variables(values)} if values else {})
