"""Every warning by upstream's name, and which are on where nobody says otherwise.

Source: sigs.k8s.io/prow cmd/checkconfig.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from cutwater.config.findings import Finding
from cutwater.config.typed import UNKNOWN_FIELDS
from cutwater.config.warnings import jobs, layout, plugins, protection, tide
from cutwater.config.warnings.subject import Subject

UNKNOWN_FIELDS_ALL = "unknown-fields-all"
NEED_GITHUB = ("verify-owners-presence", "validate-github-app-installation")
"""Warnings that only GitHub could give; their names are known, and they are left out."""


class Warned(NamedTuple):
    """A warning. `of_plugins`: it is only given where there is a plugins.yaml."""

    check: Callable[[Subject], Iterator[Finding]]
    of_plugins: bool = False
    by_default: bool = True


def _nothing(subject: Subject) -> Iterator[Finding]:
    return iter(())


def _unknown_fields(subject: Subject) -> Iterator[Finding]:
    """Of config.yaml and plugins.yaml."""
    mine = {source.name for source in (subject.sources.config, subject.sources.plugins) if source is not None}
    return (finding for finding in _all_unknown_fields(subject) if finding.file in mine)


def _all_unknown_fields(subject: Subject) -> Iterator[Finding]:
    return (finding for finding in subject.config.warnings if finding.kind == UNKNOWN_FIELDS)


EVERY: Mapping[str, Warned] = {
    "mismatched-tide": Warned(tide.mismatched, of_plugins=True),
    "mismatched-tide-lenient": Warned(tide.mismatched_leniently, of_plugins=True),
    "tide-strict-branch": Warned(tide.strict_branches),
    "tide-context-policy": Warned(tide.wrong_context_policies),
    "non-decorated-jobs": Warned(jobs.not_decorated),
    "valid-decoration-config": Warned(jobs.wrong_decoration, by_default=False),
    "long-job-names": Warned(jobs.long_names),
    "duplicate-job-refs": Warned(jobs.refs_given_twice),
    "needs-ok-to-test": Warned(tide.untested_can_merge),
    "managed-webhooks": Warned(plugins.webhooks_given_twice),
    "validate-owners": Warned(plugins.owners_not_verified, of_plugins=True),
    "missing-trigger": Warned(plugins.without_trigger, of_plugins=True),
    "validate-urls": Warned(plugins.wrong_addresses, of_plugins=True),
    UNKNOWN_FIELDS: Warned(_unknown_fields),
    UNKNOWN_FIELDS_ALL: Warned(_all_unknown_fields, by_default=False),
    "verify-owners-presence": Warned(_nothing, by_default=False),
    "validate-cluster-field": Warned(jobs.clusters),
    "validate-supplemental-prow-config-hierarchy": Warned(layout.misplaced),
    "validate-unmanaged-branchconfig-has-no-subconfig": Warned(protection.unmanaged),
    "validate-github-app-installation": Warned(_nothing, by_default=False),
    "validate-label": Warned(plugins.restricted_labels, of_plugins=True),
    "required-job-annotations": Warned(jobs.missing_annotations),
    "periodic-default-clone-config": Warned(jobs.clone_options_of_periodics),
    "validate-config-updater-acls": Warned(plugins.config_updater_repositories, of_plugins=True),
    "allowed-presubmit-trigger": Warned(jobs.commands_not_allowed),
}
_SUPERSEDES = {"mismatched-tide": "mismatched-tide-lenient", UNKNOWN_FIELDS_ALL: UNKNOWN_FIELDS}
"""Of two warnings where one finds what the other does, that one is enough."""
OTHER_NAMES = {"validate-supplemental-prow-config-hirarchy": "validate-supplemental-prow-config-hierarchy"}
"""Names that upstream still takes."""


def chosen(
    wanted: Collection[str], excluded: Collection[str], *, expensive: bool = False, with_defaults: bool = False
) -> frozenset[str]:
    """Which warnings are to be given. Raises LookupError for a name that none has."""
    wanted, excluded = ({OTHER_NAMES.get(name, name) for name in names} for names in (wanted, excluded))
    if unknown := sorted((wanted | excluded) - EVERY.keys()):
        raise LookupError(f'no such warning "{unknown[0]}"; there is {", ".join(EVERY)}')
    found = set(wanted)
    if not wanted or with_defaults:
        found |= {name for name, warned in EVERY.items() if warned.by_default or expensive}
    found -= excluded
    return frozenset(found - {_SUPERSEDES[name] for name in found if name in _SUPERSEDES})


def findings(subject: Subject, names: Collection[str]) -> list[Finding]:
    """What these warnings find, each under its name, in the order of the files."""
    found = [
        replace(finding, kind=name)
        for name, warned in EVERY.items()
        if name in names and (subject.has_plugins or not warned.of_plugins)
        for finding in warned.check(subject)
    ]
    return sorted(set(found))
