"""Command-line flags as Go's programs take them: `-name=x`, `--name x`, `--switch`, up to the first other argument.

Standard library alone: the entrypoint, which must start at once, uses it.
"""

from collections.abc import Mapping, Sequence

_TRUE, _FALSE = {"1", "t", "T", "true", "TRUE", "True"}, {"0", "f", "F", "false", "FALSE", "False"}


class Flags:
    """What was given: every value of each flag in order, and the arguments behind the flags."""

    def __init__(self, values: Mapping[str, Sequence[str]], rest: Sequence[str]) -> None:
        self._values = values
        self.rest = tuple(rest)

    def text(self, name: str, default: str = "") -> str:
        """The last value given."""
        return self._values.get(name, (default,))[-1]

    def texts(self, name: str) -> tuple[str, ...]:
        """All values given."""
        return tuple(self._values.get(name, ()))

    def switch(self, name: str, default: bool = False) -> bool:
        """Whether the switch is on. Raises ValueError for what is neither yes nor no."""
        value = self.text(name, "true" if default else "false")
        if value not in _TRUE | _FALSE:
            raise ValueError(f'invalid boolean value "{value}" for -{name}: parse error')
        return value in _TRUE

    def number(self, name: str, default: int = 0) -> int:
        """A whole number. Raises ValueError."""
        value = self.text(name, str(default))
        try:
            return int(value, 0)
        except ValueError:
            raise ValueError(f'invalid value "{value}" for flag -{name}: parse error') from None


def parse(arguments: Sequence[str], *, values: Sequence[str], switches: Sequence[str] = ()) -> Flags:
    """Read the flags of the given names. Raises ValueError for an unknown one, or one without its value."""
    found: dict[str, list[str]] = {}
    left = list(arguments)
    while left and left[0].startswith("-") and left[0] != "-":
        argument = left.pop(0)
        if argument == "--":
            break
        name, equals, value = argument.removeprefix("-").removeprefix("-").partition("=")
        if not name or name.startswith("-"):
            raise ValueError(f"bad flag syntax: {argument}")
        if name in switches:
            value = value if equals else "true"
        elif name not in values:
            raise ValueError(f"flag provided but not defined: -{name}")
        elif not equals:
            if not left:
                raise ValueError(f"flag needs an argument: -{name}")
            value = left.pop(0)
        found.setdefault(name, []).append(value)
    return Flags(found, left)
