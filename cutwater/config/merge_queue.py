"""How a repository's merge queue works: as Prow's tide, or speculatively, which Prow's configuration has no words for.

tide:
  "*": {mode: compatible}
  acme/rocket: {mode: speculative, lanes: 4, largest_batch: 16}
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from cutwater.config.findings import Path

MOST_LANES, MOST_MEMBERS = 16, 64


class MergeQueue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One repository's queue.

    `lanes`: how many batches are tested at once, each on top of the one before. `largest_batch`: how many pull requests
    a lane adds at most; how many it does add follows from how many batches have passed.
    """

    mode: Literal["compatible", "speculative"] = "compatible"
    lanes: int = 4
    largest_batch: int = 16


def problems(queues: Mapping[str, MergeQueue], *, here: Path) -> Iterator[tuple[Path, str]]:
    """What is wrong with the settings."""
    for key, queue in queues.items():
        if key.count("/") > 1 or "" in key.split("/"):
            yield (*here, key), f'"{key}" is neither org/repo, nor org, nor *'
        for name, value, most in (
            ("lanes", queue.lanes, MOST_LANES),
            ("largest_batch", queue.largest_batch, MOST_MEMBERS),
        ):
            if not 1 <= value <= most:
                yield (*here, key, name), f"{value} is not between 1 and {most}"
