"""Configurations in a few words, for tests."""

from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError, Origin, Source
from cutwater.config.jobs import Postsubmit, Presubmit
from cutwater.config.load import load
from cutwater.config.sources import Sources

HERE = Origin("jobs.yaml", 1)
POD = "spec: {containers: [{image: alpine, command: [make]}]}"


def configured(config: str = "", *, jobs: str = "", plugins: str = "", strict: bool = False) -> Configuration:
    """The configuration of texts; the files are config.yaml, jobs.yaml and plugins.yaml."""
    return load(
        Sources(
            Source("config.yaml", config.encode()),
            (Source("jobs.yaml", jobs.encode()),) if jobs else (),
            Source("plugins.yaml", plugins.encode()) if plugins else None,
        ),
        strict=strict,
    )


def findings(config: str = "", *, jobs: str = "", plugins: str = "", strict: bool = False) -> list[str]:
    """What is wrong with these texts, in words; nothing where nothing is."""
    try:
        configured(config, jobs=jobs, plugins=plugins, strict=strict)
    except ConfigError as error:
        return [str(finding) for finding in error.findings]
    return []


def presubmit(name: str = "unit", **fields: object) -> Presubmit:
    """As if it had been loaded: with a context and a trigger."""
    given: dict[str, object] = {
        "origin": HERE,
        "name": name,
        "context": name,
        "trigger": rf"(?m)^/test( | .* ){name},?($|\s.*)",
        "rerun_command": f"/test {name}",
        **fields,
    }
    return Presubmit(**given)  # type: ignore[arg-type]


def postsubmit(name: str = "deploy", **fields: object) -> Postsubmit:
    return Postsubmit(**{"origin": HERE, "name": name, "context": name, **fields})  # type: ignore[arg-type]
