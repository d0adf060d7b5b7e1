"""The configuration with all that is in force written out, as YAML that loads again to the same.

Presets are in the jobs that they mean, and so no longer stand by themselves.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from msgspec import Struct
from msgspec.structs import fields, replace

from cutwater.config.configuration import Configuration
from cutwater.config.defaulting import decoration_entries
from cutwater.config.findings import Origin
from cutwater.config.listing import Listed, listed
from cutwater.config.prow import ProwConfig
from cutwater.prowjob import duration


def rendered(configuration: Configuration) -> dict[str, Any]:
    """config.yaml with the jobs in it. plugins.yaml is another file."""
    prow: dict[str, Any] = plain(without_older_forms(configuration.prow))
    return prow | rendered_jobs(listed(configuration.jobs))


def without_older_forms(prow: ProwConfig) -> ProwConfig:
    """The same without what once was a field of its own and now stands in another's map or list as well."""
    return replace(
        prow,
        plank=replace(
            prow.plank,
            report_template="",
            default_decoration_configs={},
            default_decoration_config_entries=decoration_entries(prow),
        ),
        jenkins_operators=tuple(replace(operator, report_template="") for operator in prow.jenkins_operators),
        tide=replace(prow.tide, target_url="", pr_status_base_url=""),
        deck=replace(
            prow.deck, rerun_auth_configs={}, spyglass=replace(prow.deck.spyglass, gcs_browser_prefix="", viewers={})
        ),
    )


def rendered_jobs(jobs: Iterable[Listed]) -> dict[str, Any]:
    """A file of jobs."""
    found: dict[str, Any] = {}
    for kind, repository, job in jobs:
        if kind == "periodic":
            found.setdefault("periodics", []).append(plain(job))
        else:
            found.setdefault(f"{kind}s", {}).setdefault(repository, []).append(plain(job))
    return found


_SCALARS = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """A value of the configuration as the YAML says it; what says nothing is left out, a default that does is not."""
    if value.__class__ in _SCALARS:
        return value
    if isinstance(value, Struct):
        return {
            name: plain(held)
            for attribute, name, default in _written(type(value))
            if (held := getattr(value, attribute)) != default or not _says_nothing(held)
        }
    if isinstance(value, Mapping):
        return {key: plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [plain(held) for held in value]
    return duration.text(value.total_seconds()) if isinstance(value, timedelta) else value


def _says_nothing(value: Any) -> bool:
    return plain(value) == {} if isinstance(value, Struct) else not value


@cache
def _written(struct: type[Struct]) -> tuple[tuple[str, str, Any], ...]:
    """Attribute, key and default of each field that the YAML has."""
    return tuple(
        (field.name, field.encode_name, field.default_factory() if callable(field.default_factory) else field.default)
        for field in fields(struct)
        if field.type is not Origin
    )
