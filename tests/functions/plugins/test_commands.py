"""What all commands have in common, asked of each by its declaration: where it is heard, and who may use it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest

from cutwater.config.configuration import Configuration
from cutwater.events.look import look_at
from cutwater.github.webhooks import open_webhook
from functions.plugins.commands import ANYONE, AUTHOR_OR_COLLABORATORS, MEMBERS, TRUSTED, Command, Who
from functions.plugins.every import PLUGINS
from functions.plugins.kit import Plugin
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, MEMBER, NUMBER, ORG, REPO, STRANGER, Talk
from tests.world import CONFIG, JOBS

OWN_RULES = frozenset({"trigger"})
"""A plugin whose commands do not say where they are heard: its own tests do."""


class Way(NamedTuple):
    """A way of writing a command, and whether it is heard so."""

    name: str
    text: str
    heard: bool = True


WAYS = (
    Way("as it is", "{}"),
    Way("blanks and a carriage return behind it", "{} \t\r"),
    Way("between other lines", "Well.\n{}\nThank you."),
    Way("after other commands", "/joke\n/unheard of\n{}"),
    Way("in a fenced block", "```\n{}\n```"),
    Way("quoted", "> {}", False),
    Way("quoted without a blank", ">{}", False),
    Way("indented", "  {}", False),
    Way("in a list", "- {}", False),
    Way("as code", "`{}`", False),
    Way("with something before it", "please {}", False),
    Way("with two slashes", "/{}", False),
    Way("hidden", "<!-- {} -->", False),
)


def commented(text: str, *, action: str = "created", is_pull: bool = True, state: str = "open") -> dict[str, Any]:
    """The webhook of a comment."""
    issue: dict[str, Any] = {"number": NUMBER, "user": {"login": AUTHOR}, "state": state, "title": "t"}
    issue |= {"pull_request": {"url": "x"}} if is_pull else {}
    comment = {"id": 1, "user": {"login": MEMBER}, "body": text, "html_url": "https://github.com/c"}
    repository = {"name": REPO, "owner": {"login": ORG}, "full_name": f"{ORG}/{REPO}"}
    return {"action": action, "issue": issue, "comment": comment, "repository": repository}


def is_heard(plugin: Plugin, payload: dict[str, Any]) -> bool:
    return plugin.wants(open_webhook("issue_comment", "guid", msgspec.json.encode(payload)), Configuration())


COMMANDS = [(plugin, one) for plugin in PLUGINS.values() if plugin.name not in OWN_RULES for one in plugin.commands]


def examples() -> Iterator[Any]:
    """Each example of each command, with a place where it is heard."""
    for plugin, command in COMMANDS:
        when = command.when if isinstance(command.when, str) else "open"
        place = {"is_pull": command.on != "issues", "state": "closed" if when == "closed" else "open"}
        for example in command.examples:
            yield pytest.param(plugin, command, example, place, id=f"{plugin.name}: {' '.join(example.split())}")


EXAMPLES = [*examples()]


@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
@pytest.mark.parametrize("plugin, command, example, place", EXAMPLES)
def test_ways_of_writing(plugin: Plugin, command: Command, example: str, place: dict[str, Any], way: Way) -> None:
    assert is_heard(plugin, commented(way.text.format(example), **place)) == way.heard


@pytest.mark.parametrize("plugin, command, example, place", EXAMPLES)
def test_case(plugin: Plugin, command: Command, example: str, place: dict[str, Any]) -> None:
    assert is_heard(plugin, commented(example.upper(), **place)) == command.ignores_case


@pytest.mark.parametrize("plugin, command, example, place", EXAMPLES)
def test_several_in_one_comment(plugin: Plugin, command: Command, example: str, place: dict[str, Any]) -> None:
    """Each time counts, in order; a command of another plugin between them takes nothing away."""
    once = [typed.argument for typed in command.typed(example)]
    text = f"{example}\nWell.\n/unheard of\n{example}"
    assert [typed.argument for typed in command.typed(text)] == once * 2
    assert is_heard(plugin, commented(text, **place))


@pytest.mark.parametrize("action", ["edited", "deleted"])
@pytest.mark.parametrize("plugin, command, example, place", EXAMPLES)
def test_only_what_is_new(plugin: Plugin, command: Command, example: str, place: dict[str, Any], action: str) -> None:
    assert not is_heard(plugin, commented(example, action=action, **place))


@pytest.mark.parametrize("plugin, command, example, place", EXAMPLES)
def test_where(plugin: Plugin, command: Command, example: str, place: dict[str, Any]) -> None:
    at_issue, at_pull = ({**place, "is_pull": is_pull} for is_pull in (False, True))
    assert is_heard(plugin, commented(example, **at_issue)) == (command.on != "pull requests")
    assert is_heard(plugin, commented(example, **at_pull)) == (command.on != "issues")


@pytest.mark.parametrize("state", ["open", "closed"])
@pytest.mark.parametrize("plugin, command, example, place", EXAMPLES)
def test_when(plugin: Plugin, command: Command, example: str, place: dict[str, Any], state: str) -> None:
    when = command.when if isinstance(command.when, str) else command.when(Configuration())
    assert is_heard(plugin, commented(example, **(place | {"state": state}))) == (when in {"always", state})


PLACES = {
    "anything, always": (
        "assign bugzilla assign-qa bugzilla cc-qa bugzilla refresh "
        "honk joke kind label lifecycle link-issue meow milestone pin-issue pony project remove-kind "
        "remove-label shrug stage status this-is-fine this-is-not-fine this-is-unbearable transfer-issue "
        "trick-or-treat unlink-issue unpin-issue unshrug woof"
    ),
    "anything, as configured": "retitle",
    "anything, closed": "reopen",
    "anything, open": "check-required-labels close",
    "issues, open": "good-first-issue help remove-good-first-issue remove-help",
    "pull requests, always": "cc cherrypick hold release-note release-note-edit release-note-none",
    "pull requests, open": (
        "approve auto-cc auto-cc buildify check-cla check-dco lgtm lgtm cancel lint ok-to-test override "
        "override-cancel override-sticky refresh retest retest-required skip test test-manual-required "
        "verify-owners"
    ),
}
"""Where each command is heard and when, as upstream hears it: their declarations say no more and no less."""


def test_places() -> None:
    found: dict[str, list[str]] = {}
    for plugin in PLUGINS.values():
        for command in plugin.commands:
            when = command.when if isinstance(command.when, str) else "as configured"
            found.setdefault(f"{command.on}, {when}", []).append(command.name)
    assert {place: " ".join(sorted(names)) for place, names in found.items()} == PLACES


@pytest.mark.parametrize("plugin, command", [pytest.param(*one, id=one[1].shown) for one in COMMANDS])
def test_a_command_says_what_help_needs(plugin: Plugin, command: Command) -> None:
    assert command.about.endswith(".") and str(command.who) and command.shown.startswith("/")
    assert all(command.is_in(example) for example in command.examples)


WHO = {ANYONE: "stranger author member", MEMBERS: "member", TRUSTED: "member", AUTHOR_OR_COLLABORATORS: "author member"}


@pytest.mark.virtual
@pytest.mark.parametrize("who", WHO, ids=[str(who) for who in WHO])
async def test_who(who: Who) -> None:
    people = {"stranger": STRANGER, "author": AUTHOR, "member": MEMBER}
    async with Talk("shrug") as talk:
        look = await look_at(talk.scene.functions.edges)
        allowed = []
        for name, login in people.items():
            payload = commented("/shrug")
            payload["comment"]["user"]["login"] = login
            text = open_webhook("issue_comment", "guid", msgspec.json.encode(payload)).text
            assert text is not None
            allowed += [name] if await who.may(text, look) else []
    assert " ".join(allowed) == WHO[who]


TEAM = "repo_milestone: {'': {maintainers_team: keepers}}"
RESTRICTED = "label: {additional_labels: [api], restricted_labels: {'*': [{label: api, allowed_users: [alice]}]}}"
OWNED: dict[str, Any] = {"tree": {"OWNERS": "approvers: [alice]"}, "files": (shape.File("a"),)}
THEIR_OWN: tuple[tuple[str, str, str, dict[str, Any], str], ...] = (
    ("milestone", TEAM, "/milestone v1.0", {}, "member"),
    ("milestonestatus", TEAM, "/status in-review", {}, "member"),
    ("release-note", "", "/release-note-none", {"body": "x"}, "author member"),
    ("label", RESTRICTED, "/label api", {"known": ["api"]}, "member"),
    ("label", RESTRICTED, "/remove-label api", {"labels": ["api"]}, "member"),
    ("approve", "", "/approve", OWNED, "member"),
    ("lgtm", "", "/lgtm", {}, "member"),
    ("lgtm", "", "/lgtm cancel", {"labels": ["lgtm"]}, "author member"),
    ("trigger", "", "/ok-to-test", {"labels": ["needs-ok-to-test"], "jobs": JOBS, "config": CONFIG}, "member"),
)
"""Plugins that ask themselves who may: what is typed where, and who of the three has his way."""


@pytest.mark.virtual
@pytest.mark.parametrize("name, login", [("stranger", STRANGER), ("author", AUTHOR), ("member", MEMBER)])
@pytest.mark.parametrize(
    "plugin, settings, says, given, who", THEIR_OWN, ids=[f"{one[0]}: {one[2]}" for one in THEIR_OWN]
)
async def test_who_has_his_way(
    plugin: str, settings: str, says: str, given: dict[str, Any], who: str, name: str, login: str
) -> None:
    async with Talk(plugin, settings, **given) as talk:
        before = (talk.labels, talk.issue.record.milestone)
        await talk.say(login, says)
        after = (talk.labels, talk.issue.record.milestone)
        assert (after != before) == (name in who.split())


@pytest.mark.virtual
@pytest.mark.parametrize("by, title", [(MEMBER, "Better"), (STRANGER, "Improve the rocket")])
async def test_those_who_may_not_are_refused_before_anything_is_decided(by: str, title: str) -> None:
    async with Talk("retitle") as talk:
        await talk.say(by, "/retitle Better")
        assert talk.issue.title == title
        refusal = "Re-titling can only be requested by trusted users, like repository collaborators."
        assert talk.answers == ([] if by == MEMBER else [refusal])
