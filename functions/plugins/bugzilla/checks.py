"""Whether a bug fits its branch, in words for the pull request.

Source: sigs.k8s.io/prow pkg/plugins/bugzilla (validateBug).
"""

import json
from collections.abc import Sequence

from msgspec import Struct, field

from cutwater.bugzilla.client import Bug
from cutwater.config.sections import BugOptions
from functions.plugins.bugzilla.event import link
from functions.plugins.bugzilla.options import is_in, listed, pretty


class Findings(Struct):
    """What was found good, and what not."""

    good: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    def add(self, is_good: bool, good: str, bad: str) -> None:
        (self.good if is_good else self.bad).append(good if is_good else bad)


def checked(bug: Bug, dependents: Sequence[Bug], options: BugOptions, address: str) -> Findings:
    """All checks that the options ask for. `dependents`: the bugs on which this one depends."""
    findings = Findings()
    _check_itself(bug, options, findings)
    _check_dependents(dependents, options, address, findings)
    states, releases = options.dependent_bug_states, options.dependent_bug_target_releases
    wanted = [] if releases is None else [f"targeting a release in {', '.join(releases)}"]
    wanted += [] if states is None else [f"in one of the following states: {listed(states)}"]
    if dependents:
        findings.good.append("bug has dependents")
    elif wanted:
        which = " and ".join(wanted)
        findings.bad.append(
            f"expected {link(address, bug.id)} to depend on a bug {which}, but no dependents were found"
        )
    return findings


def _check_itself(bug: Bug, options: BugOptions, findings: Findings) -> None:
    if options.is_open is not None:
        is_ = "is" if bug.is_open else "isn't"
        no, was = ("", "isn't") if options.is_open else ("not ", "is")
        findings.add(
            bug.is_open == options.is_open,
            f"bug {is_} open, matching expected state ({no}open)",
            f"expected the bug to {no}be open, but it {was}",
        )
    if options.target_release is not None:
        release, expected = next(iter(bug.target_release), None), _quoted(options.target_release)
        but = "no target release was set" if release is None else f"it targets {_quoted(release)} instead"
        findings.add(
            release == options.target_release,
            f"bug target release ({release}) matches configured target release for branch ({options.target_release})",
            f"expected the bug to target the {expected} release, but {but}",
        )
    if options.valid_states is not None:
        after = options.state_after_validation
        allowed = options.valid_states if after is None else (*options.valid_states, after)
        findings.add(
            is_in(bug, allowed),
            f"bug is in the state {pretty(bug)}, which is one of the valid states ({listed(allowed)})",
            f"expected the bug to be in one of the following states: {listed(allowed)}, "
            f"but it is {pretty(bug)} instead",
        )


def _check_dependents(dependents: Sequence[Bug], options: BugOptions, address: str, findings: Findings) -> None:
    states, releases = options.dependent_bug_states, options.dependent_bug_target_releases
    for bug in dependents if states is not None else ():
        name, wanted = link(address, bug.id), listed(states or ())
        findings.add(
            is_in(bug, states or ()),
            f"dependent bug {name} is in the state {pretty(bug)}, which is one of the valid states ({wanted})",
            f"expected dependent {name} to be in one of the following states: {wanted}, "
            f"but it is {pretty(bug)} instead",
        )
    for bug in dependents if releases is not None else ():
        name, wanted, release = link(address, bug.id), ", ".join(releases or ()), next(iter(bug.target_release), None)
        but = "no target release was set" if release is None else f"it targets {_quoted(release)} instead"
        findings.add(
            release in (releases or ()),
            f"dependent {name} targets the {_quoted(release or '')} release, "
            f"which is one of the valid target releases: {wanted}",
            f"expected dependent {name} to target a release in {wanted}, but {but}",
        )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
