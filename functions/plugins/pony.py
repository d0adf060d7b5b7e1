"""pony: /pony.

Source: sigs.k8s.io/prow pkg/plugins/pony.
"""

from urllib.parse import quote_plus

from msgspec import Struct, field

from cutwater.errors import Refused
from cutwater.github.effects import AddComment
from functions.plugins.kit import ANYONE, Act, Command, Comment, Look, Plugin
from functions.plugins.pictures import answer, expect_picture, tried

SITE = "https://theponyapi.com/api/v1/pony/random"
NO_SUCH = "Couldn't find a pony matching given tag(s)."
DOWN = "https://theponyapi.com appears to be down"
HERD = 5
"""Ponies that one comment can have."""

plugin = Plugin(
    "pony",
    about="Adds pictures of ponies.",
    commands=[
        Command(
            "pony",
            argument="[pony]",
            pattern=r"(?mi)^/(?:pony)(?: +(.+?))?\s*$",
            about="Adds a picture of a pony, or of the one that is named.",
            who=ANYONE,
            examples=("/pony", "/pony Twilight Sparkle"),
        ),
    ],
    effects=[AddComment],
)


class Representations(Struct, frozen=True):
    """The addresses of one picture."""

    full: str = ""
    small: str = ""


class Pony(Struct, frozen=True):
    """One pony."""

    representations: Representations = field(default_factory=Representations)


class Found(Struct, frozen=True):
    """The site's answer."""

    pony: Pony = field(default_factory=Pony)


@plugin.on_command("pony")
async def decide(comment: Comment, look: Look, act: Act) -> None:
    """A pony for each command, after five tries at most; those that are not found are left out."""
    tags = [typed.groups[0] or "" for typed in comment.all_typed[:HERD]]
    ponies = [pony for tag in tags if (pony := await _pony(look, tag))]
    missing = NO_SUCH if any(tags) else DOWN
    await act(comment.reply("".join(f"{pony}\n" for pony in ponies) or missing))
    if not ponies:
        raise Refused("could not find a valid pony image")


async def _pony(look: Look, tag: str) -> str | None:
    async def pony() -> str:
        page = await look.web.get(f"{SITE}?q={quote_plus(tag)}")
        pictures = answer(page, Found).pony.representations
        await expect_picture(look, pictures.small)
        return f"[![pony image]({pictures.small})]({pictures.full})"

    return await tried(5, pony)
