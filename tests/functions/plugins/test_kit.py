"""What the kit does for a plugin: finds its commands, guards them, and keeps its handlers apart."""

import msgspec
import pytest

from cutwater.errors import Refused
from cutwater.events.effect import Result
from cutwater.events.ledger import Delivery
from cutwater.events.look import look_at
from cutwater.github.effects import AddComment, Label
from functions.plugins.kit import ANYONE, MEMBERS, Act, Command, Comment, Effect, Look, Plugin
from tests import virtual_time
from tests.functions.plugins.talk import MEMBER, STRANGER, Talk
from tests.functions.plugins.test_commands import commented

pytestmark = pytest.mark.virtual

SWITCH = Command(
    "switch",
    about="Switches it.",
    who=MEMBERS,
    refusal="Members only.",
    forms={"off": r"(?mi)^/switch\s+off\s*$", "on": r"(?mi)^/switch\s*$"},
    examples=("/switch", "/switch off"),
)
PAINT = Command("paint", about="Paints it.", who=ANYONE, pattern=r"(?mi)^/paint (\w+)\s*$", examples=("/paint red",))


def a_plugin() -> Plugin:
    """A plugin of two handlers, the first of which may refuse."""
    plugin = Plugin("painter", about="For tests.", commands=[SWITCH, PAINT], effects=[Label, AddComment])

    @plugin.on_command("switch")
    async def on_switch(comment: Comment, look: Look, act: Act) -> None:
        if comment.command.argument == "off":
            raise Refused("it cannot be switched off")
        await act(Label(subject=comment.subject, name="switched", present=True, why=comment.why))

    @plugin.on_command("paint")
    async def on_paint(comment: Comment, look: Look) -> list[Effect[object]]:
        return [
            Label(subject=comment.subject, name=one.argument, present=True, why=str(one)) for one in comment.all_typed
        ]

    return plugin


def shown(effect: object) -> str:
    if isinstance(effect, Label):
        return f"{effect.name} because {effect.why}"
    assert isinstance(effect, AddComment)
    return effect.why


async def decided(text: str, by: str = MEMBER) -> tuple[list[str], str]:
    """What the plugin does about a comment, in words, and what it refuses."""
    done: list[str] = []

    async def act(effect: Effect[Result]) -> Result:
        done.append(shown(effect))
        return None  # type: ignore[return-value]

    payload = commented(text)
    payload["comment"]["user"]["login"] = by
    delivery = Delivery(
        guid="guid",
        event="issue_comment",
        received=virtual_time.BEGINNING,
        headers={},
        body=msgspec.json.encode(payload),
        plugins=("painter",),
    )
    async with Talk("hold") as talk:
        look = await look_at(talk.scene.functions.edges)
        try:
            effects = await a_plugin().decide(delivery, look, act)
        except Refused as refused:
            return done, str(refused)
    for effect in effects or ():
        await act(effect)
    return done, ""


@pytest.mark.parametrize(
    "text, by, done, refused",
    [
        pytest.param("/switch", MEMBER, ["switched because /switch by alice"], "", id="one that acts"),
        pytest.param("/switch", STRANGER, ["/switch by mallory"], "", id="by somebody who may not: an answer alone"),
        pytest.param("/paint red", STRANGER, ["red because /paint red"], "", id="one that anybody may use"),
        pytest.param(
            "/paint red\n/paint blue", MEMBER, ["red because /paint red", "blue because /paint blue"], "", id="twice"
        ),
        pytest.param(
            "/paint red\n/switch",
            MEMBER,
            ["switched because /switch by alice", "red because /paint red"],
            "",
            id="two handlers, in the order in which they are declared",
        ),
        pytest.param(
            "/switch off\n/paint red",
            MEMBER,
            ["red because /paint red"],
            "it cannot be switched off",
            id="one that refuses does not keep the other from its effects",
        ),
        pytest.param("/switch\n/switch off", MEMBER, [], "it cannot be switched off", id="the first form counts"),
        pytest.param("/switch on", MEMBER, [], "", id="none of it"),
    ],
)
async def test_decide(text: str, by: str, done: list[str], refused: str) -> None:
    assert await decided(text, by) == (done, refused)
