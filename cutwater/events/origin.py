"""Where the YAML is kept that is compiled: in ConfigMaps, or on a branch of a repository.

The setting CUTWATER_CONFIGURATION_SOURCES says it, in YAML:

    configMaps: {config: config, plugins: plugins, jobs: [job-config, "job-config-*"]}

    repository: {name: acme/infra, branch: main, config: prow/config.yaml, plugins: prow/plugins.yaml, jobs: [jobs]}
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from cutwater.errors import Refused
from cutwater.events.pointer import NAMESPACE

VARIABLE = "CUTWATER_CONFIGURATION_SOURCES"


class Places(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which files count. `jobs`: files and folders; `supplemental…`: folders. `strict`: what is unknown is wrong."""

    config: str
    plugins: str = ""
    jobs: tuple[str, ...] = ()
    supplemental: tuple[str, ...] = ()
    supplemental_plugins: tuple[str, ...] = ()
    strict: bool = False


class ConfigMaps(Places, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Names of ConfigMaps: of the one with the key config.yaml, of the one with plugins.yaml, and of those whose every
    key is a file. In these `*` stands for anything.
    """

    config: str = "config"
    namespace: str = NAMESPACE


class Repository(Places, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Paths in a repository (`org/repo`) on GitHub, as they are at the head of the branch."""

    name: str
    branch: str

    @property
    def org(self) -> str:
        return self.name.partition("/")[0]

    @property
    def repo(self) -> str:
        return self.name.partition("/")[2]


class _Setting(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The whole setting: one of the two."""

    config_maps: ConfigMaps | None = None
    repository: Repository | None = None


def origin_of(environment: Mapping[str, str]) -> ConfigMaps | Repository | None:
    """Where the sources are; None where none are named. Raises Refused for a setting that cannot be read."""
    text = environment.get(VARIABLE, "")
    if not text.strip():
        return None
    import yaml

    try:
        found = msgspec.convert(yaml.safe_load(text), _Setting)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise Refused(f"{VARIABLE}: {error}") from error
    origins = [origin for origin in (found.config_maps, found.repository) if origin]
    if len(origins) != 1:
        raise Refused(f"{VARIABLE} says either configMaps or repository")
    origin = origins[0]
    if isinstance(origin, Repository) and not (origin.org and origin.repo):
        raise Refused(f'{VARIABLE}: repository.name: "{origin.name}" is not org/repo')
    return origin
