"""Which bugs fit a branch: the options of everything, of an organisation, of a repository, each over the one before.

Source: sigs.k8s.io/prow pkg/plugins (config.go).
"""

from collections.abc import Iterable, Mapping

import msgspec

from cutwater.bugzilla.client import Bug
from cutwater.config.configuration import Configuration
from cutwater.config.sections import BugOptions, BugState, Bugzilla

ANY_BRANCH = "*"
NOTHING = BugOptions()


def options_for(config: Configuration, org: str, repo: str, branch: str) -> BugOptions:
    """The options in force for a branch."""
    section = config.plugins.section("bugzilla", Bugzilla)
    options = _of_branch(section.default, branch)
    if org in section.orgs:
        options = resolved(options, _of_branch(section.orgs[org].default, branch))
        if repo in section.orgs[org].repos:
            options = resolved(options, _of_branch(section.orgs[org].repos[repo].branches, branch))
    return options


def _of_branch(options: Mapping[str, BugOptions], branch: str) -> BugOptions:
    return resolved(options.get(ANY_BRANCH, NOTHING), options.get(branch, NOTHING))


def resolved(parent: BugOptions, child: BugOptions) -> BugOptions:
    """What a child says, over what it inherits. The older names of options are gone from it."""
    below, above = NOTHING if child.exclude_defaults else _renamed(parent), _renamed(child)
    said = {name: value for name in above.__struct_fields__ if (value := getattr(above, name)) is not None}
    groups = tuple(sorted({*below.allowed_groups, *above.allowed_groups}))
    return msgspec.structs.replace(below, **(said | {"allowed_groups": groups}))


def _renamed(options: BugOptions) -> BugOptions:
    """The same in the newer names: states in place of statuses, releases in place of one."""
    releases, release = options.dependent_bug_target_releases, options.dependent_bug_target_release
    if release is not None and release not in (releases or ()):
        releases = (*(releases or ()), release)
    return msgspec.structs.replace(
        options,
        valid_states=_united(options.valid_states, options.statuses),
        dependent_bug_states=_united(options.dependent_bug_states, options.dependent_bug_statuses),
        dependent_bug_target_releases=releases,
        state_after_validation=_state(options.state_after_validation, options.status_after_validation),
        state_after_merge=_state(options.state_after_merge, options.status_after_merge),
        statuses=None,
        dependent_bug_statuses=None,
        dependent_bug_target_release=None,
        status_after_validation=None,
        status_after_merge=None,
    )


def _united(states: tuple[BugState, ...] | None, statuses: tuple[str, ...] | None) -> tuple[BugState, ...] | None:
    if statuses is None:
        return states
    pairs = {(state.status, state.resolution) for state in states or ()} | {(status, "") for status in statuses}
    return tuple(BugState(status=status, resolution=resolution) for status, resolution in sorted(pairs))


def _state(state: BugState | None, status: str | None) -> BugState | None:
    return BugState(status=status) if state is None and status is not None else state


# States


def pretty(state: BugState | Bug) -> str:
    """A state in words."""
    if not state.resolution:
        return state.status
    return f"{state.status} ({state.resolution})" if state.status else f"any status with resolution {state.resolution}"


def listed(states: Iterable[BugState]) -> str:
    """States in words."""
    return ", ".join(pretty(state) for state in states)


def is_in(bug: Bug, states: Iterable[BugState]) -> bool:
    """Whether a bug is in one of them. What a state leaves empty may be anything."""
    return any(state.status in {"", bug.status} and state.resolution in {"", bug.resolution} for state in states)


def missing(state: BugState | None, bug: Bug | None) -> BugState | None:
    """What must change before a bug is in a state; None where nothing must. Without a bug, all that the state says."""
    if state is None:
        return None
    status = "" if bug is not None and bug.status == state.status else state.status
    resolution = "" if bug is not None and bug.resolution == state.resolution else state.resolution
    return BugState(status=status, resolution=resolution) if status or resolution else None
