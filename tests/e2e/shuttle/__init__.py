"""A platform whose configuration lies in ConfigMaps, as it does on a cluster, and the repository that it is about."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import yaml

from cutwater.errors import Later
from cutwater.events.pointer import NAME, NAMESPACE
from cutwater.kube.client import CONFIG_MAP, Kube
from infra.local.demo import seed
from infra.local.github.server import GitHub
from infra.local.settings import Ports, Settings
from tests.e2e.running import Running, free_ports
from tests.e2e.world import write_triggers

HERE = Path(__file__).parent
SHUTTLE = "acme/shuttle"
ADMIN, AUTHOR, STRANGER = seed.REVIEWER, seed.AUTHOR, seed.STRANGER
WRITER, ENGINEER = "dora", "edgar"
"""The approvers of docs/ and of engine/."""
JOBS_FILE = "ci/jobs.yaml"
FILES = {
    "README.md": "# The shuttle\n",
    "OWNERS": f"approvers: [{ADMIN}]\n",
    "docs/OWNERS": f"approvers: [{WRITER}]\n",
    "docs/manual.md": "Sit down.\n",
    "engine/OWNERS": f"approvers: [{ENGINEER}]\n",
    "engine/thrust.txt": "1\n",
    JOBS_FILE: (HERE / "jobs.yaml").read_text(),
}
LABELS = (
    *("lgtm", "approved", "ok-to-test", "needs-ok-to-test", "do-not-merge/hold", "kind/bug"),
    *("size/XS", "size/S", "size/M"),
)
SOURCES = "configMaps: {config: config, plugins: plugins, jobs: [job-config]}"
MOUNTED = "mounted"
LOOK_SECONDS = 0.5


def made(folder: Path) -> Settings:
    """The settings of a new platform in the folder, and its world."""
    front, github, kube, s3, broker = free_ports(5)
    settings = Settings(
        folder=folder,
        ports=Ports(front=front, github=github, kube=kube, s3=s3, broker=broker),
        config=Path(),
        triggers=folder / "triggers",
        environment={
            "CUTWATER_PACE": "0.1",
            "CUTWATER_CONFIGURATION": str(folder / MOUNTED),
            "CUTWATER_CONFIGURATION_SOURCES": SOURCES,
        },
    )
    (folder / MOUNTED).mkdir()
    settings = seed.configured(settings)
    write_triggers(settings.triggers)
    seed.seed(settings)
    with GitHub(settings.folder / "github", base_url=settings.github) as local:
        world = local.world()
        for login in (WRITER, ENGINEER):
            world.user(login)
        world.repository(
            SHUTTLE,
            files=FILES,
            labels=LABELS,
            branches=["release-1"],
            collaborators={ADMIN: "admin", AUTHOR: "write", WRITER: "write", ENGINEER: "write", seed.BOT: "admin"},
            hook=(f"{settings.deck}/hook", settings.secret("hmac-token")),
        )
    return settings


def config_maps(settings: Settings) -> dict[str, dict[str, str]]:
    """The ConfigMaps of an organisation's configuration, by their names."""
    config = yaml.safe_load(settings.config.read_text())
    config["tide"]["queries"] = [
        {
            "repos": [SHUTTLE],
            "labels": ["lgtm", "approved"],
            "missingLabels": ["do-not-merge/hold", "needs-ok-to-test"],
        }
    ]
    return {
        NAME: {},
        "config": {"config.yaml": yaml.safe_dump(config)},
        "plugins": {"plugins.yaml": (HERE / "plugins.yaml").read_text()},
        "job-config": {"jobs.yaml": FILES[JOBS_FILE]},
    }


@asynccontextmanager
async def mounting(platform: Running) -> AsyncIterator[None]:
    """Meanwhile the pointer is mounted, as the kubelet mounts a ConfigMap: a folder that follows it."""

    async def follow() -> None:
        kube, folder = platform.kube(), platform.settings.folder / MOUNTED
        while True:
            with contextlib.suppress(Later):
                await _mount(kube, folder)
            await asyncio.sleep(LOOK_SECONDS)

    following = asyncio.create_task(follow())
    try:
        yield
    finally:
        following.cancel()


async def _mount(kube: Kube, folder: Path) -> None:
    found = await kube.get(CONFIG_MAP, NAMESPACE, NAME)
    for key, value in ((found or {}).get("data") or {}).items():
        following = folder / f".{key}"
        following.write_text(value)
        following.replace(folder / key)
