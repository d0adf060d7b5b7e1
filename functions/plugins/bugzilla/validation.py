"""The bug of an open pull request is checked, and the pull request labelled and answered.

Source: sigs.k8s.io/prow pkg/plugins/bugzilla (handle).
"""

from cutwater.bugzilla.client import Bug
from cutwater.bugzilla.effects import EditBug, LinkBug
from cutwater.config.sections import BugOptions
from cutwater.errors import Refused
from cutwater.github.effects import Label
from functions.plugins.bugzilla.checks import checked
from functions.plugins.bugzilla.ends import own
from functions.plugins.bugzilla.event import REFRESH, Event, link, tried
from functions.plugins.bugzilla.options import missing, pretty
from functions.plugins.kit import Act, Look
from functions.plugins.labelled import put_last_by

VALID, INVALID = "bugzilla/valid-bug", "bugzilla/invalid-bug"
SEVERITIES = {one: f"bugzilla/severity-{one}" for one in ("urgent", "high", "medium", "low", "unspecified")}
MISSING = (
    "No Bugzilla bug is referenced in the title of this pull request.\n"
    "To reference a bug, add 'Bug XXX:' to the title of this pull request and request another bug refresh with "
    f"{REFRESH}."
)
OLD_COMMAND = (
    "**DEPRECATION NOTICE**: The command `assign-qa` has been deprecated. Please use the `cc-qa` command instead."
)
PEOPLE = "query($email: String!) {search(type: USER, query: $email, first: 5) {edges {node {... on User {login}}}}}"


async def validated(event: Event, bug: Bug | None, options: BugOptions, look: Look, act: Act) -> None:
    """Labels and an answer. Raises Unable where Bugzilla refuses something; then the labels stay as they are."""
    if bug is None:
        await _label(event, MISSING, None, "", look, act)
        return
    name = link(look.bugzilla.address, bug.id)
    findings = checked(bug, await _dependents(bug, options, look), options, look.bugzilla.address)
    if findings.bad:
        reasons = "".join(f" - {reason}\n" for reason in findings.bad)
        text = (
            f"This pull request references {name}, which is invalid:\n{reasons}\n"
            f"Comment {REFRESH} to re-evaluate validity if changes to the Bugzilla bug are made, or edit the title of "
            "this pull request to link to a different bug."
        )
    else:
        text = f"This pull request references {name}, which is valid.{await _moved(event, bug, options, look, act)}"
        count = len(findings.good)
        ran = f"{count} validation(s) were run on this bug" if count else "No validations were run on this bug"
        lines = "".join(f"\n* {one}" for one in findings.good)
        text += f"\n\n<details><summary>{ran}</summary>" + (f"\n{lines}" if count else "") + "</details>"
        text += await _review(event, bug, look)
    await _label(event, text, not findings.bad, SEVERITIES.get(bug.severity, ""), look, act)


async def _dependents(bug: Bug, options: BugOptions, look: Look) -> list[Bug]:
    """The bugs on which this one depends, where they matter."""
    if options.dependent_bug_states is None and options.dependent_bug_target_releases is None:
        return []
    dependents, bugzilla = [], look.bugzilla
    for number in bug.depends_on:
        doing = f"searching for dependent bug {number}"
        dependent = await tried(_there(number, look), doing, bug.id, bugzilla.address)
        dependents.append(dependent)
    return dependents


async def _there(number: int, look: Look) -> Bug:
    bug = await look.bugzilla.bug(number)
    if bug is None:
        raise Refused(f"there is no bug {number}")
    return bug


async def _moved(event: Event, bug: Bug, options: BugOptions, look: Look, act: Act) -> str:
    """The bug moves on and is linked; what is said of it."""
    address, text, after = look.bugzilla.address, "", options.state_after_validation
    if after is not None and (wanted := missing(after, bug)):
        edit = EditBug(
            bug=bug.id, why="a pull request is valid for it", status=wanted.status, resolution=wanted.resolution
        )
        await tried(act(edit), f"updating to the {pretty(after)} state", bug.id, address)
        text += f" The bug has been moved to the {pretty(after)} state."
    if options.add_external_link:
        doing, mine = "adding this pull request to the external tracker bugs", own(event)
        is_new = mine not in await tried(look.bugzilla.links(bug.id), doing, bug.id, address)
        if is_new:
            effect = LinkBug(bug=bug.id, pull=mine, present=True, why="its title names the bug")
            await tried(act(effect), doing, bug.id, address)
            text += " The bug has been updated to refer to the pull request using the external bug tracker."
    return text


async def _review(event: Event, bug: Bug, look: Look) -> str:
    """What is said to the QA contact."""
    address, contact = look.bugzilla.address, bug.qa_contact_detail
    name = link(address, bug.id)
    if contact is None:
        return f"{name} does not have a QA contact, skipping assignment" if event.wants_qa else ""
    if not contact.email:
        text = f"QA contact for {name} does not have a listed email, skipping assignment"
        return text if event.wants_qa else ""
    doing = f"querying GitHub for users with public email ({contact.email})"
    asked = look.github.graphql(PEOPLE, org=event.subject.org, email=contact.email)
    edges = (await tried(asked, doing, bug.id, address))["search"]["edges"]
    logins = [str((edge["node"] or {}).get("login", "")) for edge in edges]
    listed = (
        f"matching the public email listed for the QA contact in Bugzilla ({contact.email}), skipping review request."
    )
    if len(logins) == 1:
        text = f"Requesting review from QA contact:\n/cc @{logins[0]}"
    elif logins:
        names = "".join(f"\n\t- {login}" for login in logins)
        text = f"Multiple GitHub users were found {listed} List of users with matching email:{names}"
    else:
        text = f"No GitHub users were found {listed}"
    return f"\n\n{text}" + (f"\n\n{OLD_COMMAND}" if event.is_old else "")


async def _label(event: Event, text: str, is_valid: bool | None, severity: str, look: Look, act: Act) -> None:
    """The labels that the pull request deserves (None: neither valid nor invalid), and the answer."""
    subject = event.subject
    labels = set(await look.github.labels(subject.org, subject.repo, subject.number))
    wanted = {VALID: is_valid is True, INVALID: is_valid is False}
    wanted |= {label: label == severity for label in SEVERITIES.values()}
    if VALID in labels and not wanted[VALID]:
        by = (await put_last_by(look, subject)).get(VALID, "")
        if by and not (await look.github.bot()).is_me(by):
            wanted |= {VALID: True, INVALID: False}
            text += f"\n\nRetaining the {VALID} label as it was manually added."
    for name, present in wanted.items():
        if (name in labels) != present:
            try:
                await act(Label(subject=subject, name=name, present=present, why="its bug says so"))
            except Refused:
                continue  # the answer matters more; the step in the receipt says so
    await act(event.answer(text))
