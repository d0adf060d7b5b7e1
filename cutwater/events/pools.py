"""What tide keeps of its pools for people to see: how each of them is, and what was done in it.

Tide writes it into the state bucket, deck and the command line read it there. The shapes of `Pool` and `Entry` are
those that upstream's tide serves to its deck. Source: sigs.k8s.io/prow pkg/tide (tide.go, history).
"""

from datetime import datetime
from urllib.parse import quote, unquote

from msgspec import Struct, field

POOLS, HISTORY, EXPLANATIONS = "tide/pools/", "tide/history/", "tide/why/"
_END = ".json"


def key_of(kind: str, org: str, repo: str, branch: str) -> str:
    """Where something is kept of the pool of a branch. `kind`: POOLS, HISTORY or EXPLANATIONS."""
    return f"{kind}{org}/{repo}/{quote(branch, safe='')}{_END}"


def branch_of(kind: str, key: str) -> tuple[str, str, str] | None:
    """Organisation, repository and branch of such a key; None where it is none."""
    parts = key.removeprefix(kind).removesuffix(_END).split("/")
    if not (key.startswith(kind) and key.endswith(_END) and len(parts) == 3):
        return None
    return parts[0], parts[1], unquote(parts[2])


def go_key(name: str) -> str:
    """A field's name as Go writes it into JSON: `head_ref_oid` is HeadRefOID."""
    return "".join(_GO_WORDS.get(word, word.capitalize()) for word in name.split("_"))


_GO_WORDS = {"oid": "OID", "prs": "PRs", "ids": "IDs", "url": "URL"}


class Blocker(Struct, frozen=True, rename=go_key):
    """An issue that blocks a branch; its title without the branches that it names."""

    number: int
    title: str
    url: str


class ShownPullRequest(Struct, frozen=True, rename=go_key):
    """A pull request of a pool."""

    title: str
    number: int
    head_ref_oid: str
    mergeable: str


class Pool(Struct, frozen=True, kw_only=True, rename=go_key):
    """A pool as the last look at it left it.

    `action`: WAIT, TRIGGER, TRIGGER_BATCH, MERGE, MERGE_BATCH or BLOCKED. `error`: what went wrong, in words.
    """

    org: str
    repo: str
    branch: str
    success_prs: tuple[ShownPullRequest, ...] = ()
    pending_prs: tuple[ShownPullRequest, ...] = ()
    missing_prs: tuple[ShownPullRequest, ...] = ()
    batch_pending: tuple[ShownPullRequest, ...] = ()
    action: str = "WAIT"
    target: tuple[ShownPullRequest, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    error: str = ""
    tenant_ids: tuple[str, ...] = ()


class Target(Struct, frozen=True, kw_only=True):
    """A pull request in an entry of the history."""

    number: int
    author: str
    sha: str
    title: str
    head_ref: str


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done once. `err`: what went wrong. The tenants are written even where there are none."""

    time: datetime
    action: str
    base_sha: str = field(default="", name="baseSHA")
    target: tuple[Target, ...] = ()
    err: str = ""
    tenant_ids: tuple[str, ...] = field(default_factory=lambda: (), name="tenantids")
