"""Where the embedded platform keeps things, where its parts listen, and the secrets they share.

One folder holds all of it, so that a stopped platform goes on where it was, and `rm -r` forgets it.
"""

import json
import os
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from infra.local.roles import Service

HOST = "127.0.0.1"
PRODUCT_ROOT = Path(__file__).resolve().parents[2]
ROLES = PRODUCT_ROOT / "functions"
TRIGGERS = PRODUCT_ROOT / "triggers"
CRDS = PRODUCT_ROOT / "crds"
STATE_BUCKET = "state"
ARTIFACTS_BUCKET = "artifacts"
SECRETS = ("hmac-token", "event-key", "github-token", "kube-token", "s3-state", "s3-artifacts", "s3-deck")
"""What the parts share and a test pod must not know."""

PASSED_ON = (
    *("CUTWATER_REPORTERS", "CUTWATER_REPORT_AGENT", "CUTWATER_KUBERNETES_REPORT_FRACTION"),
    *("CUTWATER_SLACK_TOKEN_FILE", "CUTWATER_ADDITIONAL_SLACK_TOKEN_FILES", "CUTWATER_SLACK_API"),
    "CUTWATER_OUTGOING_SECRETS",
    *("CUTWATER_CHERRYPICKER_LABELS", "CUTWATER_CHERRYPICKER_USE_PROW_ASSIGNMENTS"),
    *("CUTWATER_CHERRYPICKER_ALLOW_ALL", "CUTWATER_CHERRYPICKER_LABEL_PREFIX"),
    "CUTWATER_CHERRYPICKER_CREATE_ISSUE_ON_CONFLICT",
)
"""What the user's own environment says to the functions: to whom they report, how cherry-picks are made."""


class Ports(Struct, frozen=True, kw_only=True):
    """Where the parts listen, on the loopback interface. `front` is deck and hook."""

    front: int = 8480
    github: int = 8481
    kube: int = 8482
    s3: int = 8483
    broker: int = 8484


class Settings(Struct, frozen=True, kw_only=True):
    """A platform: its folder and ports, and the files of its user's configuration.

    `github_api` and `github_token_file` lead to another GitHub than the local one, `other_kubeconfig` to another API
    server, which has no nodes: the pods of its namespace `test-pods` are run here. `triggers` is the folder of what
    wakes the functions; `environment` is added to each function's own. `one_process`: all functions run in the
    broker's process, where a debugger stops in each and nothing starts from zero. `search_lag`: seconds by which the
    local GitHub's search is behind.
    """

    folder: Path
    ports: Ports = Ports()
    config: Path
    jobs: Path | None = None
    plugins: Path | None = None
    github_api: str = ""
    github_token_file: Path | None = None
    other_kubeconfig: Path | None = None
    triggers: Path = TRIGGERS
    environment: dict[str, str] = {}
    one_process: bool = False
    search_lag: float = 0.0

    @property
    def deck(self) -> str:
        return f"http://{HOST}:{self.ports.front}"

    @property
    def github(self) -> str:
        return f"http://{HOST}:{self.ports.github}"

    @property
    def kube(self) -> str:
        return f"http://{HOST}:{self.ports.kube}"

    @property
    def s3(self) -> str:
        return f"http://{HOST}:{self.ports.s3}"

    @property
    def broker(self) -> str:
        return f"http://{HOST}:{self.ports.broker}/cutwater/default"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def pod_logs(self) -> Path:
        return self.folder / "pod-logs"

    @property
    def in_force(self) -> Path:
        """The folder of the compiled configuration that the functions load, and of the pointer to it."""
        return self.folder / "configuration"

    @property
    def kubeconfig(self) -> Path:
        return self.other_kubeconfig or self.folder / "kubeconfig"

    def secret_file(self, name: str) -> Path:
        """The file of one of SECRETS."""
        return self.folder / "secrets" / name

    def secret(self, name: str) -> str:
        return self.secret_file(name).read_text().strip()

    def write(self) -> None:
        """Make the folder, the secrets that are not there yet, and the file that the parts read."""
        (self.folder / "secrets").mkdir(parents=True, exist_ok=True, mode=0o700)
        self.logs.mkdir(exist_ok=True)
        for name in SECRETS:
            path = self.secret_file(name)
            if not path.exists():
                path.touch(mode=0o600)
                path.write_text(secrets.token_hex(20))
        (self.folder / "settings.json").write_bytes(msgspec.json.encode(_plain(self)))


def read(folder: Path) -> Settings:
    """The settings that `write` left in a folder. Raises OSError and ValueError."""
    found = json.loads((folder / "settings.json").read_text())
    settings: Settings = msgspec.convert(found, Settings, dec_hook=lambda type_, value: type_(value))
    return settings


def _plain(settings: Settings) -> object:
    return msgspec.to_builtins(settings, enc_hook=str)


def function_environment(settings: Settings, service: Service) -> dict[str, str]:
    """The environment of one function. Only the control functions have the key that writes the ledger.

    Here deck is for who runs the platform, and shows the ledger, too.
    """
    key = "s3-deck" if service.name == "deck" else "s3-state"
    return {
        **service.environment,
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "CUTWATER_BROKER": settings.broker,
        "CUTWATER_STATE_BUCKET": STATE_BUCKET,
        "CUTWATER_DECK_EVENTS": "on",
        "CUTWATER_CONFIGURATION": str(settings.in_force),
        "CUTWATER_EVENT_KEY_FILE": str(settings.secret_file("event-key")),
        "CUTWATER_HMAC_FILE": str(settings.secret_file("hmac-token")),
        "CUTWATER_PLUGIN_HELP": f"{settings.deck}/hook/plugin-help",
        "CUTWATER_GITHUB_TOKEN_FILE": str(settings.github_token_file or settings.secret_file("github-token")),
        "CUTWATER_GITHUB_API": settings.github_api or f"{settings.github}/api/v3",
        "CUTWATER_GITHUB_GRAPHQL": graphql(settings),
        "CUTWATER_GITHUB_GIT": git(settings),
        "CUTWATER_KUBECONFIG": str(settings.kubeconfig),
        "AWS_ENDPOINT_URL_S3": settings.s3,
        "AWS_REGION": "local",
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": settings.secret(key),
        **settings.environment,
    }


def git(settings: Settings) -> str:
    """Where git finds GitHub's repositories, beside its REST address; empty for the public ones."""
    if not settings.github_api:
        return settings.github
    address = settings.github_api.rstrip("/")
    return address.removesuffix("/api/v3") if address.endswith("/api/v3") else ""


def graphql(settings: Settings) -> str:
    """GitHub's GraphQL address beside its REST address (`…/api/v3` and `…/api/graphql`; publicly `/graphql`)."""
    if not settings.github_api:
        return f"{settings.github}/api/graphql"
    root = settings.github_api.rstrip("/")
    return f"{root.removesuffix('/v3')}/graphql"
