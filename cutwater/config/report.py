"""What a load finds on its way, all of it, each with its line."""

from collections.abc import Iterable
from typing import Any

from cutwater.config.document import compose, line_at
from cutwater.config.findings import ConfigError, Finding, Path, Source, written
from cutwater.config.typed import read
from cutwater.config.validation import Problem


class Report:
    """The files of one load, and what was found in them so far.

    A reader knows the line of what it refuses. Where a rule refuses, only the path is known: its line is looked up in
    the file again, which costs nothing where nothing is wrong.
    """

    def __init__(self, sources: Iterable[Source], *, strict: bool) -> None:
        self.sources = {source.name: source for source in sources}
        self.strict = strict
        self.refused: list[Finding] = []
        self.remarked: list[Finding] = []
        self._roots: dict[str, Any] = {}

    def read(self, source: Source, wanted: Any) -> Any:
        found = read(source, wanted, strict=self.strict)
        self.refused.extend(found.refused)
        self.remarked.extend(found.remarked)
        return found.value

    def add(self, findings: Iterable[Finding]) -> None:
        self.refused.extend(findings)

    def place(self, file: str, entries: Iterable[tuple[Path, str]]) -> None:
        self.refused.extend(Finding(file, self._line(file, path), written(path), message) for path, message in entries)

    def judge(self, found: Iterable[Problem]) -> None:
        for job, field, message in found:
            self.place(job.origin.file, [((*job.origin.path, *field), message)])

    def settle(self) -> None:
        """Raises ConfigError where anything was refused."""
        if self.refused:
            raise ConfigError(sorted(set(self.refused)))

    def _line(self, file: str, path: Path) -> int:
        if file not in self.sources:
            return 0
        if file not in self._roots:
            self._roots[file] = compose(self.sources[file])
        root = self._roots[file]
        return 0 if root is None or isinstance(root, Finding) else line_at(root, path)
