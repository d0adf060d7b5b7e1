"""What a load finds on its way, all of it, each with its line."""

from collections.abc import Iterable
from typing import Any

from yaml.nodes import Node

from cutwater.config.document import compose, line_at, stands_at
from cutwater.config.findings import ConfigError, Finding, Path, Source, written
from cutwater.config.typed import Read, read
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
        self._roots: dict[str, Node | None] = {}

    def read(self, source: Source, wanted: Any, *, converts: bool = True) -> Any:
        found = read(source, wanted, strict=self.strict, converts=converts)
        self.take(found)
        return found.value

    def take(self, found: Read) -> None:
        """Keep what a reader found."""
        self.refused.extend(found.refused)
        self.remarked.extend(found.remarked)

    def add(self, findings: Iterable[Finding]) -> None:
        self.refused.extend(findings)

    def place(self, file: str, entries: Iterable[tuple[Path, str]]) -> None:
        """Refuse what stands at these paths of the file."""
        self.refused.extend(self.finding(file, path, message) for path, message in entries)

    def remark(self, file: str, entries: Iterable[tuple[Path, str]]) -> None:
        """The same for what is only odd."""
        found = (self.finding(file, path, message) for path, message in entries)
        (self.refused if self.strict else self.remarked).extend(found)

    def finding(self, file: str, path: Path, message: str) -> Finding:
        return Finding(file, self._line(file, path), written(path), message)

    def has(self, file: str, path: Path) -> bool:
        """Whether something stands there."""
        root = self._root(file)
        return root is not None and stands_at(root, path)

    def where(self, file: str, path: Path) -> str:
        """File and line, for words that name another place."""
        return f"{file}:{self._line(file, path)}"

    def judge(self, found: Iterable[Problem]) -> None:
        for job, field, message in found:
            self.place(job.origin.file, [((*job.origin.path, *field), message)])

    def settle(self) -> None:
        """Raises ConfigError where anything was refused."""
        if self.refused:
            raise ConfigError(sorted(set(self.refused)))

    def _line(self, file: str, path: Path) -> int:
        root = self._root(file)
        return 0 if root is None else line_at(root, path)

    def _root(self, file: str) -> Node | None:
        if file not in self.sources:
            return None
        if file not in self._roots:
            root = compose(self.sources[file])
            self._roots[file] = None if isinstance(root, Finding) else root
        return self._roots[file]
