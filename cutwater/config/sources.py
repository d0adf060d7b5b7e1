"""All files of one configuration, as somebody read them: from folders, ConfigMaps or a repository."""

import hashlib
from dataclasses import dataclass

from cutwater.config.findings import Source


@dataclass(frozen=True, slots=True)
class Sources:
    """What a configuration is made of. Supplemental files hold parts of config.yaml and plugins.yaml.

    `version`: what VERSION beside config.yaml says.
    """

    config: Source
    jobs: tuple[Source, ...] = ()
    plugins: Source | None = None
    supplemental: tuple[Source, ...] = ()
    supplemental_plugins: tuple[Source, ...] = ()
    version: str = ""

    @property
    def all(self) -> tuple[Source, ...]:
        """Every file, in the order in which they count."""
        plugins = () if self.plugins is None else (self.plugins,)
        return (self.config, *self.supplemental, *self.jobs, *plugins, *self.supplemental_plugins)

    def below(self, folder: str) -> "Sources":
        """The same, with names that begin below the folder."""

        def named(source: Source) -> Source:
            return source._replace(name=source.name.removeprefix(f"{folder}/"))

        return Sources(
            config=named(self.config),
            jobs=tuple(map(named, self.jobs)),
            plugins=self.plugins and named(self.plugins),
            supplemental=tuple(map(named, self.supplemental)),
            supplemental_plugins=tuple(map(named, self.supplemental_plugins)),
            version=self.version,
        )

    @property
    def digest(self) -> str:
        """SHA-256 in hex over names and contents, each with its length, so that no two inputs look alike."""
        whole = hashlib.sha256()
        for source in self.all:
            for part in (source.name.encode(), source.content):
                whole.update(len(part).to_bytes(8))
                whole.update(part)
        whole.update(self.version.encode())
        return whole.hexdigest()
