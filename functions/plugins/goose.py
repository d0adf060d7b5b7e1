"""goose: /honk.

Source: sigs.k8s.io/prow pkg/plugins/goose.
"""

from urllib.parse import quote_plus

from msgspec import Struct, field

from cutwater.config.sections import KeyPath
from cutwater.errors import Refused
from cutwater.github.effects import AddComment
from functions.plugins.kit import ANYONE, Act, Command, Comment, Look, Plugin
from functions.plugins.pictures import answer, expect_picture, tried

SITE = "https://api.unsplash.com/photos/random?query=goose"
NONE = "Unable to find goose. Have you checked the garden?"

plugin = Plugin(
    "goose",
    about="Adds a picture of a goose.",
    commands=[Command("honk", about="Adds a picture of a goose.", who=ANYONE, examples=("/honk",))],
    effects=[AddComment],
)


class Sizes(Struct, frozen=True):
    """The addresses of one picture."""

    small: str = ""


class Goose(Struct, frozen=True):
    """One of the site's pictures."""

    urls: Sizes = field(default_factory=Sizes)


@plugin.on_command("honk")
async def decide(comment: Comment, look: Look, act: Act) -> None:
    """A goose, after three tries at most."""
    key = await look.web.key(look.config.plugins.section("goose", KeyPath).key_path)
    address = SITE + (f"&client_id={quote_plus(key)}" if key else "")

    async def goose() -> str:
        url = answer(await look.web.get(address), Goose).urls.small
        await expect_picture(look, url)
        return f"\n![goose image]({url})"

    picture = await tried(3, goose)
    await act(comment.reply(picture or NONE))
    if picture is None:
        raise Refused("could not find a valid goose image")
