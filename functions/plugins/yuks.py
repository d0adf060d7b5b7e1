"""yuks: /joke.

Source: sigs.k8s.io/prow pkg/plugins/yuks.
"""

import re

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.github.effects import AddComment
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin
from functions.plugins.pictures import answer, tried

SITE = "https://icanhazdadjoke.com"
TRIES = 5
NOT_PLAIN = re.compile(r"[^A-Za-z0-9_?'!., ]")
"""What Markdown may take for more than a letter."""

plugin = Plugin(
    "yuks",
    about="Tells jokes.",
    commands=[Command("joke", about="Tells a joke.", who=ANYONE, examples=("/joke",))],
    effects=[AddComment],
)


class Joke(Struct, frozen=True):
    """One of the site's jokes."""

    joke: str = ""


def as_text(joke: str) -> str:
    """The joke, in which nothing is Markdown."""
    return NOT_PLAIN.sub(lambda found: f"&#{ord(found.group())};", joke)


@plugin.on_command("joke")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """A joke, after five tries at most."""

    async def joke() -> str:
        found = answer(await look.web.get(SITE, accept="application/json"), Joke).joke
        if not found:
            raise Refused("the joke is empty")
        return as_text(found)

    told = await tried(TRIES, joke)
    if told is None:
        raise Refused(f"failed to get joke after {TRIES} attempts")
    return [comment.reply(told)]
