"""The configuration under which a simulated queue works: the same that a user would write."""

import json
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from cutwater.cli.tide.repository import BRANCH, LABEL, ORG, REPO
from cutwater.config.configuration import Configuration
from cutwater.config.contexts import Contexts, contexts_of
from cutwater.config.findings import Source
from cutwater.config.jobs import Presubmit
from cutwater.config.load import load
from cutwater.config.merge_queue import MergeQueue
from cutwater.config.own import own
from cutwater.config.sources import Sources
from cutwater.config.tide import setting


class Settings(Struct, frozen=True, kw_only=True):
    """What somebody chooses: pull requests in a batch, lanes, and how many tests run at once; 0 for any number."""

    batch_size_limit: int = 15
    lanes: int = 4
    slots: int = 0


class Rules(Struct, frozen=True, kw_only=True):
    """The configuration, and what it says of the repository.

    `largest_batch`: pull requests in a batch, at most; 0 for any number. `slots`: tests that run at once; 0 likewise.
    """

    config: Configuration
    presubmits: tuple[Presubmit, ...]
    contexts: Contexts
    largest_batch: int
    queue: MergeQueue
    slots: int


def rules_of(jobs: Iterable[str], settings: Settings) -> Rules:
    """The jobs of these names are required of every pull request. Raises ConfigError."""
    full_name = f"{ORG}/{REPO}"
    prow: dict[str, Any] = {
        "tide": {
            "queries": [{"repos": [full_name], "labels": [LABEL]}],
            "batch_size_limit": {full_name: settings.batch_size_limit},
        },
        "prow_ignored": {"cutwater": {"tide": {full_name: {"lanes": settings.lanes}}}},
        "presubmits": {full_name: [_presubmit(name) for name in jobs]},
    }
    config = load(Sources(Source("config.yaml", json.dumps(prow).encode())))
    presubmits = tuple(config.jobs.presubmits_of(ORG, REPO))
    options, protection = config.prow.tide.context_options, config.prow.branch_protection
    contexts = contexts_of(options, protection, org=ORG, repo=REPO, branch=BRANCH, presubmits=presubmits)
    return Rules(
        config=config,
        presubmits=presubmits,
        contexts=contexts,
        largest_batch=setting(config.prow.tide.batch_size_limit, ORG, REPO, 0),
        queue=setting(own(config.prow.prow_ignored).tide, ORG, REPO, MergeQueue()),
        slots=settings.slots,
    )


def _presubmit(name: str) -> dict[str, Any]:
    return {"name": name, "always_run": True, "spec": {"containers": [{"image": "none"}]}}
