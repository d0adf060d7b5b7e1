"""cat: /meow.

Source: sigs.k8s.io/prow pkg/plugins/cat.
"""

from urllib.parse import quote_plus

from msgspec import Struct

from cutwater.config.patterns import matches
from cutwater.config.sections import KeyPath
from cutwater.errors import Refused
from cutwater.github.effects import AddComment
from functions.plugins.kit import ANYONE, Act, Command, Comment, Look, Plugin
from functions.plugins.pictures import answer, expect_picture, tried

SITE = "https://api.thecatapi.com/v1/images/search?format=json&results_per_page=1"
GRUMPY = "https://upload.wikimedia.org/wikipedia/commons/e/ee/Grumpy_Cat_by_Gage_Skidmore.jpg"
NO = r"(?mi)^(no|grumpy)\s*$"
BAD_CATEGORY = "Bad category. Please see https://api.thecatapi.com/api/categories/list"
DOWN = "https://thecatapi.com appears to be down"

plugin = Plugin(
    "cat",
    about="Adds a picture of a cat.",
    commands=[
        Command(
            "meow",
            usage="/meow(vie) [CATegory]",
            pattern=r"(?mi)^/meow(vie)?(?: (.+))?\s*$",
            about="Adds a picture of a cat, or a film; of a category, where one is named.",
            who=ANYONE,
            examples=("/meow", "/meow caturday", "/meowvie clothes"),
        ),
    ],
    effects=[AddComment],
)


class Cat(Struct, frozen=True):
    """One of the site's pictures."""

    url: str = ""


def address_of(category: str, key: str, *, is_film: bool) -> str:
    """Where a picture is asked for."""
    asked = f"&category={quote_plus(category)}" if category else ""
    asked += f"&api_key={quote_plus(key)}" if key else ""
    return SITE + asked + ("&mime_types=gif" if is_film else "")


@plugin.on_command("meow")
async def decide(comment: Comment, look: Look, act: Act) -> None:
    """A cat, after three tries at most."""
    film, named = comment.command.groups
    category = (named or "").strip()
    key = await look.web.key(look.config.plugins.section("cat", KeyPath).key_path)
    address = address_of(category, key, is_film=bool(film))

    async def cat() -> str:
        found = (Cat(GRUMPY),) if matches(NO, category) else answer(await look.web.get(address), tuple[Cat, ...])
        picture = found[0].url if found else ""
        await expect_picture(look, picture)
        return f"![cat image]({picture})"

    picture = await tried(3, cat)
    await act(comment.reply(picture or (BAD_CATEGORY if category else DOWN)))
    if picture is None:
        raise Refused("could not find a valid cat image")
