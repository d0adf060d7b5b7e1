"""The world of these tests: the demonstration's, and two repositories more whose jobs are quick, or cannot work.

Leases are short and sweeps come every five seconds: what is repaired by them is repaired soon.
"""

import re
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from infra.local.demo import seed
from infra.local.github.server import GitHub
from infra.local.settings import TRIGGERS, Ports, Settings
from tests.e2e.running import free_ports

HERE = Path(__file__).parent
GLIDER, WRECK = "acme/glider", "acme/wreck"
JOBS = {GLIDER: "glider.yaml", WRECK: "wreck.yaml"}
PACE = "0.1"
OFTEN = "*/5 * * * * *"


def made(folder: Path) -> tuple[Settings, int]:
    """The settings of a new world in the folder, and the port at which the weather is to be served."""
    front, github, kube, s3, broker, weather = free_ports(6)
    settings = Settings(
        folder=folder,
        ports=Ports(front=front, github=github, kube=kube, s3=s3, broker=broker),
        config=Path(),
        github_api=f"http://127.0.0.1:{weather}/api/v3",
        triggers=folder / "triggers",
        environment={"CUTWATER_PACE": PACE},
    )
    settings = _configured(seed.configured(settings))
    write_triggers(settings.triggers)
    seed.seed(settings)
    with GitHub(settings.folder / "github", base_url=settings.github) as local:
        for repository in (GLIDER, WRECK):
            local.world().repository(
                repository,
                files={"README.md": f"# {repository}\n"},
                labels=["lgtm"],
                collaborators={seed.REVIEWER: "write", seed.AUTHOR: "write", seed.BOT: "admin"},
                hook=(f"{settings.deck}/hook", settings.secret("hmac-token")),
            )
    return settings, weather


def _configured(settings: Settings) -> Settings:
    """The demonstration's configuration, extended: its jobs in a folder beside ours."""
    assert settings.jobs is not None
    assert settings.plugins is not None
    jobs = settings.jobs.parent / "jobs"
    jobs.mkdir()
    settings.jobs.rename(jobs / "rocket.yaml")
    for name in JOBS.values():
        (jobs / name).write_text((HERE / name).read_text())
    config = _read(settings.config)
    config["plank"]["pod_pending_timeout"] = "15s"
    config["sinker"]["resync_period"] = "1s"
    config["tide"]["queries"][0]["repos"].append(GLIDER)
    settings.config.write_text(yaml.safe_dump(config))
    plugins = _read(settings.plugins)
    plugins["plugins"] |= {name: {"plugins": ["trigger", "lgtm"]} for name in JOBS}
    plugins["triggers"][0]["repos"] += JOBS
    settings.plugins.write_text(yaml.safe_dump(plugins))
    return replace(settings, jobs=jobs)


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def write_triggers(folder: Path) -> None:
    """The product's triggers, with schedules that tick every five seconds."""
    folder.mkdir()
    for path in TRIGGERS.glob("*.yaml"):
        (folder / path.name).write_text(re.sub(r'schedule: ".*"', f'schedule: "{OFTEN}"', path.read_text()))
