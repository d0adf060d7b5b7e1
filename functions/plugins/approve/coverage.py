"""Who must approve a pull request's files, and whom to propose. Pure.

Source: sigs.k8s.io/prow pkg/plugins/approve/approvers (Owners, GetCCs).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from cutwater.owners.owners import Owners
from functions.plugins.approve.shuffling import shuffled

Places = frozenset[str]
"""What OWNERS files speak for: folders ("" is the root), or Markdown files."""


class Coverage:
    """The places that somebody must approve for the changes of one pull request. Logins are in lower case.

    `seed`, the pull request's number, decides who of several is proposed. `approvers`: by place, whoever may approve
    some changed file there.
    """

    def __init__(self, owners: Owners, paths: Sequence[str], seed: int) -> None:
        self._has_files, self._seed = bool(paths), seed
        self.places = sorted(owners.places_to_approve(paths))
        named = [(path, owners.place_of_approvers(path)) for path in paths]
        to_approve = [(path, place) for path, place in named if place in self.places]
        self._files = {(place, frozenset(owners.approvers(path))) for path, place in to_approve}
        nearest = {(place, owners.nearest_approvers(path)) for path, place in to_approve}
        self.approvers = _by_place(self._files)
        self._nearest = _by_place(nearest)

    def unapproved(self, logins: Collection[str]) -> Places:
        """The places with a file that none of these people may approve."""
        return frozenset(place for place, approvers in self._files if approvers.isdisjoint(logins))

    def is_approved(self, logins: Collection[str]) -> bool:
        """Whether these people may approve everything. Where no file is changed, nobody can."""
        return self._has_files and not self.unapproved(logins)

    def may_approve(self, login: str) -> bool:
        """Whether somebody may approve any of it."""
        return any(login in approvers for approvers in self.approvers.values())

    def proposed(self, approved: frozenset[str], assignees: frozenset[str]) -> list[str]:
        """Whom else it needs: few people, near to the files; and those of its assignees who are of use.

        `approved`: who has approved by now.
        """
        near = sorted(login for logins in self._nearest.values() for login in logins)
        chosen = self._of_use(_by_login(self._nearest), approved | assignees, shuffled(near, self._seed))
        known = approved | chosen
        return sorted(chosen | self._of_use(_by_login(self.approvers), known, sorted(known | assignees)))

    def _of_use(self, places: Mapping[str, Places], known: frozenset[str], people: Sequence[str]) -> frozenset[str]:
        """Those of a choice of people who may approve what the known ones may not."""
        missing = self.unapproved(known)
        return frozenset(login for login in self._choice(places, people) if places[login] & missing)

    def _choice(self, places: Mapping[str, Places], people: Sequence[str]) -> set[str]:
        """Enough of the people to approve everything, if they can: one after the other, who may approve most next.

        What the first may approve in all, missing or not, is the mark that a later one must surpass by what is missing.
        """
        chosen: set[str] = set()
        while missing := self.unapproved(chosen):
            best, most = "", 0
            for login in people:
                if login not in chosen and len(places.get(login, frozenset()) & missing) > most:
                    best, most = login, len(places[login])
            if not best:
                break
            chosen.add(best)
        return chosen


def _by_place(files: Iterable[tuple[str, frozenset[str]]]) -> dict[str, frozenset[str]]:
    """All who may approve some file of a place."""
    logins: dict[str, frozenset[str]] = {}
    for place, approvers in files:
        logins[place] = logins.get(place, frozenset()) | approvers
    return logins


def _by_login(approvers: Mapping[str, frozenset[str]]) -> dict[str, Places]:
    """The places where somebody may approve some file."""
    places: dict[str, Places] = {}
    for place, logins in approvers.items():
        for login in logins:
            places[login] = places.get(login, frozenset()) | {place}
    return places
