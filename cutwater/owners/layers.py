"""Logins in layers: those nearest to a file first. Source: sigs.k8s.io/prow pkg/layeredsets."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layers:
    """Names, each in one layer only; iterated from the nearest layer on, and by name within a layer.

    The layers' numbers are kept when names go: a layer may be empty, but the last one never is.
    """

    layers: tuple[frozenset[str], ...] = ()

    @classmethod
    def of(cls, layers: Iterable[Iterable[str]]) -> "Layers":
        """Names by layer; what stands in a nearer layer does not count in a farther one."""
        seen: set[str] = set()
        distinct: list[frozenset[str]] = []
        for layer in layers:
            distinct.append(frozenset(layer) - seen)
            seen |= distinct[-1]
        while distinct and not distinct[-1]:
            distinct.pop()
        return cls(tuple(distinct))

    def __contains__(self, name: str) -> bool:
        return any(name in layer for layer in self.layers)

    def __iter__(self) -> Iterator[str]:
        return (name for layer in self.layers for name in sorted(layer))

    def __len__(self) -> int:
        return sum(map(len, self.layers))

    def __or__(self, other: "Layers") -> "Layers":
        """Both; who is in both stays where this one has them."""
        own = frozenset(self)
        size = max(len(self.layers), len(other.layers))
        pairs = zip(_padded(self.layers, size), _padded(other.layers, size), strict=True)
        return Layers.of(mine | (theirs - own) for mine, theirs in pairs)

    def without(self, names: Collection[str]) -> "Layers":
        """The others, each in the layer where they are."""
        return Layers.of(layer.difference(names) for layer in self.layers)

    @property
    def nearest(self) -> tuple[str, ...]:
        """The names of the nearest layer that has any, in order: one of them is picked first."""
        return next((tuple(sorted(layer)) for layer in self.layers if layer), ())


def _padded(layers: tuple[frozenset[str], ...], size: int) -> tuple[frozenset[str], ...]:
    return layers + (frozenset(),) * (size - len(layers))
