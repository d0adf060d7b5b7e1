"""For whom this deck is: what hidden repositories and tenants it shows.

| variable | what it says |
| --- | --- |
| CUTWATER_DECK_TENANTS | ids, separated by commas: only what belongs to these tenants is shown, hidden or not |
| CUTWATER_DECK_HIDDEN | `also`: what is hidden is shown, too; `only`: nothing else is |

Source: sigs.k8s.io/prow cmd/deck (--tenant-id, --show-hidden, --hidden-only).
"""

import os
from collections.abc import Collection, Iterable

from msgspec import Struct
from msgspec.structs import replace

from cutwater.config.defaulting import DEFAULT_TENANT, Defaults
from cutwater.config.prow import ProwConfig
from cutwater.config.tide import TideQuery

TENANTS, HIDDEN = "CUTWATER_DECK_TENANTS", "CUTWATER_DECK_HIDDEN"


class Audience(Struct, frozen=True, kw_only=True):
    """Who looks at this deck. `tenants`: whose things they may see; without any, those that are nobody's."""

    tenants: frozenset[str] = frozenset()
    sees_hidden: bool = False
    sees_only_hidden: bool = False

    def may_see(self, tenants: Collection[str], *, is_hidden: bool) -> bool:
        """Whether something of these tenants is shown."""
        if self.tenants:
            return bool(tenants) and self.tenants.issuperset(tenants)
        if is_hidden:
            return self.sees_hidden or self.sees_only_hidden
        return not self.sees_only_hidden and set(tenants) <= {"", DEFAULT_TENANT}


def audience() -> Audience:
    """That of this deck, by its environment."""
    hidden = os.environ.get(HIDDEN, "")
    named = os.environ.get(TENANTS, "").split(",")
    return Audience(
        tenants=frozenset(tenant for name in named if (tenant := name.strip())),
        sees_hidden=hidden == "also",
        sees_only_hidden=hidden == "only",
    )


def is_hidden(repository: str, hidden_repos: Collection[str]) -> bool:
    """Whether a repository (`org/repo`) is hidden, by its name or its organisation's."""
    return repository in hidden_repos or repository.partition("/")[0] in hidden_repos


class Sight:
    """What of the merge queues the audience sees, under a configuration."""

    def __init__(self, prow: ProwConfig, audience: Audience) -> None:
        self._defaults, self._hidden, self._audience = Defaults(prow), prow.deck.hidden_repos, audience

    def is_shown(self, repository: str, tenants: Iterable[str]) -> bool:
        """Whether something of a repository (`org/repo`) is. `tenants`: those of the runs that it is about."""
        own = self._defaults.job_defaults(repository, "*").tenant_id
        every = {*tenants, *({own} - {"", DEFAULT_TENANT})} or {DEFAULT_TENANT}
        return self._audience.may_see(every, is_hidden=is_hidden(repository, self._hidden))

    def queries(self, queries: Iterable[TideQuery]) -> list[TideQuery]:
        """The queries, without the hidden repositories that the audience does not see."""
        return [shown for query in queries if (shown := self._query(query)) is not None]

    def _query(self, query: TideQuery) -> TideQuery | None:
        names = (*query.orgs, *query.repos)
        tenants = {self._defaults.job_defaults(name, "*").tenant_id for name in names} or {DEFAULT_TENANT}
        open_to_all = tuple(name for name in query.repos if not is_hidden(name, self._hidden))
        if len(open_to_all) < len(query.repos):
            if self._audience.may_see(tenants, is_hidden=True):
                return query
            query = replace(query, repos=open_to_all)
        is_about_any = bool(query.repos or query.orgs)
        return query if is_about_any and self._audience.may_see(tenants, is_hidden=False) else None
