"""What one OWNERS file says, and what its names stand for.

Source: sigs.k8s.io/prow pkg/repoowners (SimpleConfig, FullConfig, ExpandAliases) and pkg/github (NormLogin).
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

EVERYTHING = ".*"
"""The pattern of what counts for every file."""

Aliases = Mapping[str, frozenset[str]]
"""The members of each group that OWNERS_ALIASES names. Names and members are logins as `login` gives them."""


class People(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who does what, and the labels of what they own. Names are logins, or aliases."""

    approvers: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    required_reviewers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class Options(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What holds for a whole folder.

    `no_parent_owners`: nobody is inherited from the folders above. `auto_approve_unowned_subfolders`: what lies
    deeper, without OWNERS of its own, needs no approval.
    """

    no_parent_owners: bool = False
    auto_approve_unowned_subfolders: bool = False


class OwnersFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file. `filters`: people by the pattern (RE2) of the files that are theirs, relative to the OWNERS file.

    All patterns that are found in a file's path count for it; none goes before another.
    """

    options: Options = Options()
    filters: Mapping[str, People] = field(default_factory=dict)


def login(name: str) -> str:
    """A login as it is compared: in lower case, without the `@` that people write before it."""
    return name.lower().removeprefix("@")


def expanded(names: Iterable[str], aliases: Aliases) -> frozenset[str]:
    """The logins, with the members of an alias in place of its name. A member is not taken for an alias again."""
    logins = {login(name) for name in names}
    expanded_logins = set(logins)
    for name in sorted(logins):
        if name in aliases:
            expanded_logins.discard(name)
            expanded_logins |= aliases[name]
    return frozenset(expanded_logins)


def resolved(file: OwnersFile, aliases: Aliases) -> OwnersFile:
    """The same file with logins alone. Labels stay as they were written."""
    return OwnersFile(
        options=file.options,
        filters={
            pattern: People(
                approvers=_logins(people.approvers, aliases),
                reviewers=_logins(people.reviewers, aliases),
                required_reviewers=_logins(people.required_reviewers, aliases),
                labels=tuple(sorted(set(people.labels))),
            )
            for pattern, people in file.filters.items()
        },
    )


def _logins(names: Iterable[str], aliases: Aliases) -> tuple[str, ...]:
    return tuple(sorted(expanded(names, aliases)))
