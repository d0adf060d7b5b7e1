"""Who owns what in a repository. Paths are those of files, from the root; they need not exist.

Source: sigs.k8s.io/prow pkg/repoowners (RepoOwner) and pkg/plugins/approve/approvers (GetOwnersSet).
"""

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from cutwater.owners.files import Options, OwnersFile, People, login
from cutwater.owners.layers import Layers
from cutwater.owners.listing import Matches

Chosen = Callable[[People], tuple[str, ...]]
"""The names of one kind."""


class Owners:
    """A repository's owners. A place is what an OWNERS file speaks for: a folder ("" is the root), or a Markdown file.

    `files` are by place, with logins in place of aliases. `wrong`: the files that do not count, or not wholly, and why.
    """

    def __init__(
        self,
        files: Mapping[str, OwnersFile],
        matches: Matches,
        *,
        wrong: tuple[str, ...] = (),
        collaborators: frozenset[str] | None = None,
    ) -> None:
        """`collaborators`: who may approve and review at all; None for everybody."""
        self._files, self._matches, self._collaborators = files, matches, collaborators
        self.wrong = wrong

    def among(self, logins: Iterable[str]) -> "Owners":
        """The owners, of whom only these logins approve and review. Required reviewers stay."""
        collaborators = frozenset(map(login, logins))
        return Owners(self._files, self._matches, wrong=self.wrong, collaborators=collaborators)

    # Of one file

    def approvers(self, path: str) -> Layers:
        """Who may approve a file, the nearest to it first."""
        return self._layers(path, self._approvers)

    def nearest_approvers(self, path: str) -> frozenset[str]:
        """The approvers of the nearest place that has any."""
        return frozenset(self._layers(path, self._approvers, nearest=True))

    def reviewers(self, path: str) -> Layers:
        """Who may review a file, the nearest to it first."""
        return self._layers(path, self._reviewers)

    def nearest_reviewers(self, path: str) -> frozenset[str]:
        """The reviewers of the nearest place that has any."""
        return frozenset(self._layers(path, self._reviewers, nearest=True))

    def required_reviewers(self, path: str) -> frozenset[str]:
        """Who is asked to review whatever changes a file."""
        return frozenset(self._layers(path, _required_reviewers))

    def labels(self, path: str) -> frozenset[str]:
        """The labels of a pull request that changes a file."""
        return frozenset(self._layers(path, _labels))

    def place_of_approvers(self, path: str) -> str:
        """The nearest place that has approvers for a file; "" where none has any, not even the root."""
        return self._place(path, self._approvers)

    def place_of_reviewers(self, path: str) -> str:
        """The nearest place that has reviewers for a file; "" where none has any, not even the root."""
        return self._place(path, self._reviewers)

    # Of places

    def options(self, place: str) -> Options:
        file = self._files.get(place)
        return file.options if file else Options()

    def places_to_approve(self, paths: Iterable[str]) -> frozenset[str]:
        """The places of which somebody must approve these changes; an approval counts for what is below, too.

        Upstream's rule for unowned subfolders is kept as it is: at the root it spares the root's own files as well.
        """
        places = {self.place_of_approvers(path) for path in paths if not self._is_approved_by_itself(path)}
        return frozenset(place for place in places if not self._is_below_one_of(places, place))

    def _is_approved_by_itself(self, path: str) -> bool:
        place = self.place_of_approvers(path)
        is_deeper = place in posixpath.dirname(posixpath.dirname(path))
        return is_deeper and self.options(place).auto_approve_unowned_subfolders

    def _is_below_one_of(self, places: Collection[str], place: str) -> bool:
        while place and not self.options(place).no_parent_owners:
            place = posixpath.dirname(place)
            if place in places:
                return True
        return False

    # Of the repository

    @property
    def top_level_approvers(self) -> frozenset[str]:
        """The root's approvers."""
        return self.nearest_approvers("")

    @property
    def all_approvers(self) -> frozenset[str]:
        """Who approves anything."""
        return self._all(self._approvers)

    @property
    def all_reviewers(self) -> frozenset[str]:
        """Who reviews anything."""
        return self._all(self._reviewers)

    @property
    def everybody(self) -> frozenset[str]:
        """Who approves or reviews anything."""
        return self.all_approvers | self.all_reviewers

    # How they are found

    def _approvers(self, people: People) -> tuple[str, ...]:
        return self._allowed(people.approvers)

    def _reviewers(self, people: People) -> tuple[str, ...]:
        return self._allowed(people.reviewers)

    def _allowed(self, logins: tuple[str, ...]) -> tuple[str, ...]:
        if self._collaborators is None:
            return logins
        return tuple(one for one in logins if one in self._collaborators)

    def _layers(self, path: str, chosen: Chosen, *, nearest: bool = False) -> Layers:
        """The names by their distance from the file, which itself is layer 0, its folder layer 1.

        A folder without parents inherits all the same where nobody of the kind was found up to there.
        """
        layers: list[set[str]] = []
        for place, relative in _upwards(path):
            layers.append(self._at(place, relative, chosen))
            if any(layers) and (nearest or self.options(place).no_parent_owners):
                break
        return Layers.of(layers)

    def _place(self, path: str, chosen: Chosen) -> str:
        return next((place for place, relative in _upwards(path) if self._at(place, relative, chosen)), "")

    def _at(self, place: str, relative: str, chosen: Chosen) -> set[str]:
        """The names at a place for a file that lies there in its folders."""
        file = self._files.get(place)
        if file is None:
            return set()
        named = ((pattern, names) for pattern, people in file.filters.items() if (names := chosen(people)))
        return {name for pattern, names in named if self._matches(pattern, relative) for name in names}

    def _all(self, chosen: Chosen) -> frozenset[str]:
        filters = (people for file in self._files.values() for people in file.filters.values())
        return frozenset(name for people in filters for name in chosen(people))


def _required_reviewers(people: People) -> tuple[str, ...]:
    return people.required_reviewers


def _labels(people: People) -> tuple[str, ...]:
    return people.labels


def _upwards(path: str) -> Iterator[tuple[str, str]]:
    """A file and the folders that hold it, up to the root, each with the way from there to the file."""
    whole = posixpath.normpath(path)
    if whole.startswith("/"):
        return
    names = [] if whole == "." else whole.split("/")
    for depth in range(len(names), -1, -1):
        yield "/".join(names[:depth]), "/".join(names[depth:]) or "."
