"""The comment that says who has approved, and who is still to be asked. Other tools read it: the wording is upstream's.

Source: sigs.k8s.io/prow pkg/plugins/approve/approvers (GetMessage).
"""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from cutwater.config.patterns import matches
from functions.plugins.approve.approvals import Approval
from functions.plugins.approve.coverage import Coverage

SHAPE = r"(?is)^\[ApprovalNotifier\] *?([^\n]*)(?:\n\n(.*))?"
MOST = 65_536
"""Characters that GitHub takes in a comment."""
_OPEN = "**Once this PR has been reviewed and has the lgtm label**, please "
_BY_HAND = "Approval requirements bypassed by manually added approval.\n\n"
_PROCESS = "The pull request process is described [here]({link})\n\n"
_HOW = """\
Approvers can indicate their approval by writing `/approve` in a comment
Approvers can cancel approval by writing `/approve cancel` in a comment
"""
_MORE = "- and {left} more\n"
_ISSUE_BY_HAND = "*No associated issue*. Requirement bypassed by manually added approval.\n\n"
_NO_ISSUE = (
    "*No associated issue*. Update pull-request body to add a reference to an issue, "
    "or get approval with `/approve no-issue`\n\n"
)


class Links(Struct, frozen=True, kw_only=True):
    """Where its links lead. `site`: GitHub as people reach it. `owners`: what OWNERS files are called."""

    site: str
    org: str
    repo: str
    branch: str
    owners: str
    commands: str
    process: str

    def of_file(self, path: str) -> str:
        """A file's address on the base branch."""
        return urlsplit(self.site)._replace(path=f"/{self.org}/{self.repo}/blob/{self.branch}/{path}").geturl()


class Standing(Struct, frozen=True, kw_only=True):
    """What is known of a pull request's approval. `issue` None: none is required; 0: it names none.

    `by_hand`: somebody has put the label there, though something is missing.
    """

    coverage: Coverage
    approvals: Mapping[str, Approval]
    assignees: frozenset[str]
    issue: int | None
    by_hand: bool = False

    @property
    def files_are_approved(self) -> bool:
        return self.coverage.is_approved(self.approvals)

    @property
    def meets_requirements(self) -> bool:
        """Whether all files are approved, and there is an issue where one is required."""
        return self.files_are_approved and (self.issue != 0 or bool(self.without_issue))

    @property
    def is_approved(self) -> bool:
        return self.meets_requirements or self.by_hand

    @property
    def without_issue(self) -> list[Approval]:
        """The approvals of owners that stand without an issue."""
        of_owners = (one for login, one in self.approvals.items() if self.coverage.may_approve(login))
        return [one for one in of_owners if one.no_issue]

    @property
    def proposed(self) -> list[str]:
        """Who should approve next."""
        return self.coverage.proposed(frozenset(self.approvals), self.assignees)


def is_notification(body: str) -> bool:
    return matches(SHAPE, body)


def notification(standing: Standing, links: Links) -> str:
    """The comment's text. Where GitHub would not take all of its files, it says how many it leaves out."""
    is_settled = standing.files_are_approved or standing.by_hand
    proposed = standing.proposed
    above = "".join(
        (
            f"[APPROVALNOTIFIER] This PR is **{'' if standing.is_approved else 'NOT '}APPROVED**\n\n",
            _BY_HAND if standing.by_hand else "",
            f"This pull-request has been approved by:{_listed(standing.approvals)}",
            "" if is_settled else f"\n{_request(proposed, standing.assignees, links)}",
            f"\n\n{_issue(standing)}The full list of commands accepted by this bot can be found ",
            f"[here]({links.commands}?repo={links.org}%2F{links.repo}).\n\n",
            _PROCESS.format(link=links.process) if is_settled else "",
            f"<details {'' if is_settled else 'open'}>\n",
            "Needs approval from an approver in each of these files:\n\n",
        )
    )
    below = f"\n{_HOW}</details>\n<!-- META={_in_a_comment({'approvers': proposed})} -->"
    return above + _within(MOST - len(above) - len(below), [*_places(standing, links)]) + below


def _within(room: int, lines: Sequence[str]) -> str:
    """The lines, or as many as there is room for."""
    if sum(map(len, lines)) <= room:
        return "".join(lines)
    sizes = accumulate(map(len, lines))
    kept = sum(size <= room - len(_MORE.format(left=len(lines))) for size in sizes)
    return "".join(lines[:kept]) + _MORE.format(left=len(lines) - kept)


def _in_a_comment(value: object) -> str:
    """JSON that ends no comment of HTML, whatever is in it: Go writes it so."""
    text = msgspec.json.encode(value).decode()
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def _listed(approvals: Mapping[str, Approval]) -> str:
    return " " + ", ".join(str(approvals[login]) for login in sorted(approvals)) if approvals else ""


def _request(proposed: Sequence[str], assignees: frozenset[str], links: Links) -> str:
    """Whom to ask; nothing where nobody can be named."""
    assigned = _people(login for login in proposed if login in assignees)
    others = _people(login for login in proposed if login not in assignees)
    asks = f"ask for approval from {assigned}" if assigned else ""
    assigns = f"assign {others} for approval" if others else ""
    if not proposed:
        return ""
    request = " and additionally ".join(filter(None, (asks, assigns)))
    return f"{_OPEN}{request}. For more information see [the Code Review Process]({links.process})."


def _people(logins: Iterable[str]) -> str:
    return ", ".join(f"[{login}](https://github.com/{login})" for login in logins)


def _issue(standing: Standing) -> str:
    """What is said of the issue, where one is required."""
    if standing.issue is None:
        return ""
    if standing.issue:
        return f"Associated issue: *#{standing.issue}*\n\n"
    if standing.without_issue:
        by_login = {one.login.lower(): one for one in standing.without_issue}
        return f"Associated issue requirement bypassed by:{_listed(by_login)}\n\n"
    return _ISSUE_BY_HAND if standing.by_hand else _NO_ISSUE


def _places(standing: Standing, links: Links) -> Iterable[str]:
    """A line for each OWNERS file of which somebody must approve."""
    unapproved = standing.coverage.unapproved(standing.approvals)
    for place in standing.coverage.places:
        path = place if place.endswith(".md") else posixpath.join(place, links.owners)
        link = f"[{path}]({links.of_file(path)})"
        may = standing.coverage.approvers[place]
        names = ",".join(sorted(one.login for login, one in standing.approvals.items() if login in may))
        if place not in unapproved:
            yield f"- ~~{link}~~ [{names}]\n"
        elif names:
            yield f"- **{link}** [{names}]\n  > Need more approvers for rest parts.\n"
        else:
            yield f"- **{link}**\n"
