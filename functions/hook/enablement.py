"""Whose webhooks are handed to plugins: all, or those of the organisations and repositories that the settings name.

| variable, with commas | what it says |
| --- | --- |
| CUTWATER_GITHUB_ENABLED_ORGS, CUTWATER_GITHUB_ENABLED_REPOS | where one is named, only what is named |
| CUTWATER_GITHUB_DISABLED_ORGS, CUTWATER_GITHUB_DISABLED_REPOS | never these, named above or not |

Source: sigs.k8s.io/prow pkg/flagutil (github_enablement), `--github-enabled-org` and its like.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from cutwater.errors import Refused

ORGS = ("CUTWATER_GITHUB_ENABLED_ORGS", "CUTWATER_GITHUB_DISABLED_ORGS")
REPOS = ("CUTWATER_GITHUB_ENABLED_REPOS", "CUTWATER_GITHUB_DISABLED_REPOS")


class Enablement(Struct, frozen=True, kw_only=True):
    """Organisations, and repositories as `org/repo`."""

    enabled_orgs: frozenset[str] = frozenset()
    enabled_repos: frozenset[str] = frozenset()
    disabled_orgs: frozenset[str] = frozenset()
    disabled_repos: frozenset[str] = frozenset()

    def allows(self, org: str, repo: str) -> bool:
        """Whether plugins hear of this repository. What is disabled is, whatever enables it."""
        full_name = f"{org}/{repo}"
        is_enabled = org in self.enabled_orgs or full_name in self.enabled_repos
        if (self.enabled_orgs or self.enabled_repos) and not is_enabled:
            return False
        return org not in self.disabled_orgs and full_name not in self.disabled_repos


def enablement_of(environment: Mapping[str, str]) -> Enablement:
    """What the settings say. Raises Refused, with all that is wrong in them."""
    named = {variable: _names(environment.get(variable, "")) for variable in (*ORGS, *REPOS)}
    if wrong := [*_no_repositories(named), *_in_both(named)]:
        raise Refused("; ".join(wrong))
    return Enablement(
        enabled_orgs=named[ORGS[0]],
        disabled_orgs=named[ORGS[1]],
        enabled_repos=named[REPOS[0]],
        disabled_repos=named[REPOS[1]],
    )


def _names(text: str) -> frozenset[str]:
    return frozenset(filter(None, (name.strip() for name in text.split(","))))


def _no_repositories(named: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for variable in REPOS:
        yield from (f'{variable}: "{name}" is not in org/repo format' for name in sorted(named[variable]) if _bad(name))


def _bad(name: str) -> bool:
    return name.count("/") != 1 or not all(name.split("/"))


def _in_both(named: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for enabled, disabled in (ORGS, REPOS):
        if both := sorted(named[enabled] & named[disabled]):
            yield f"[{' '.join(both)}] is in both {enabled} and {disabled}"
