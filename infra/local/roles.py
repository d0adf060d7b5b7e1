"""The functions that are deployed: one func.yaml a service, the same files that `kn func deploy` reads."""

from pathlib import Path

import yaml
from msgspec import Struct


class Service(Struct, frozen=True):
    """One service: its name, and the environment that its func.yaml gives it."""

    name: str
    environment: dict[str, str]


def services(folder: Path) -> list[Service]:
    """The services below `folder`. Values that name a Secret or a ConfigMap are the platform's to give."""
    found = []
    for path in sorted(folder.rglob("func.yaml")):
        described = yaml.safe_load(path.read_text())
        envs = described.get("run", {}).get("envs", ())
        own = {env["name"]: env["value"] for env in envs if "name" in env and not env["value"].startswith("{{")}
        found.append(Service(described["name"], own))
    return found
