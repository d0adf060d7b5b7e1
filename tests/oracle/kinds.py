"""Which check answers which kind of rows, and which rows nothing answers yet."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.oracle import (
    clonerefs,
    config,
    entrypoint,
    github_report,
    horologium,
    initupload,
    paths,
    pjutil,
    plank,
    plugins,
    podinfo,
    pods,
    sidecar,
    sinker,
    tide_acting,
    tide_batches,
    tide_config,
    tide_judging,
    tide_searching,
)
from tests.oracle_rows import Row

Check = Callable[[Row], str | None]
"""What differs between our answer and upstream's; an `OnPurpose` where that is meant; None where they agree."""


class _Module(Protocol):
    @property
    def KINDS(self) -> tuple[str, ...]: ...  # noqa: N802

    def check(self, row: Row) -> str | None: ...


class Part(NamedTuple):
    """Rows of a kind that is answered otherwise. `name`: what they have in common."""

    name: str
    why: str
    has: Callable[[Row], bool]


_MODULES: tuple[_Module, ...] = (
    clonerefs,
    entrypoint,
    github_report,
    horologium,
    initupload,
    paths,
    pjutil,
    plank,
    plugins,
    podinfo,
    pods,
    sidecar,
    sinker,
    tide_acting,
    tide_batches,
    tide_config,
    tide_judging,
    tide_searching,
)

_PLUGINS = """
    approve assign blockade blunderbuss branchcleaner cat cherry-pick-approved cherry-pick-unapproved cherrypicker
    cla config-updater dco dog goose heart help hold invalidcommitmsg issue-management label lifecycle
    merge-method-comment mergecommitblocker milestone milestoneapplier milestonestatus needs-rebase override
    owners-label pony project refresh release-note require-matching-label retitle shrug sigmention size skip stage
    testfreeze trick-or-treat verify-owners welcome wip yuks
"""

NOT_BUILT: Mapping[str, str] = {
    **{
        f"plugins/{name}": "there is no such plugin yet"
        for name in _PLUGINS.split()
        if f"plugins/{name}" not in plugins.KINDS
    },
}
"""Kinds that nothing answers yet, and why."""

_TIMELESS = Part("timeless", "GitHub says of every pull request when it changed", tide_searching.has_no_time)
PARTS_NOT_BUILT: Mapping[str, Sequence[Part]] = {"tide/status_search": (_TIMELESS,)}
"""Rows that nothing answers yet in kinds that are answered otherwise: a row is of the first part that has it."""


@functools.lru_cache
def checks(corpus: Path) -> Mapping[str, tuple[Check, ...]]:
    """The checks that a row of each kind must pass, all of them. `corpus`: what `config/` rows were computed on."""
    found: dict[str, tuple[Check, ...]] = {
        kind: (functools.partial(config.check, kind=kind, corpus=corpus),) for kind in config.KINDS
    }
    for module in _MODULES:
        for kind in module.KINDS:
            found[kind] = (*found.get(kind, ()), module.check)
    return found


def part_not_built(kind: str, row: Row) -> Part | None:
    """The part of its kind that the row belongs to, where nothing answers that."""
    return next((part for part in PARTS_NOT_BUILT.get(kind, ()) if part.has(row)), None)
