"""dog: /woof.

Source: sigs.k8s.io/prow pkg/plugins/dog.
"""

from msgspec import Struct

from cutwater.config.patterns import matches
from cutwater.errors import Refused
from cutwater.github.effects import AddComment
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin
from functions.plugins.pictures import answer, expect_picture, tried

SITE = "https://random.dog/woof.json"
FINE = "https://storage.googleapis.com/this-is-fine-images"
FAMOUS = {
    "this-is-fine": f"{FINE}/this_is_fine.png",
    "this-is-not-fine": f"{FINE}/this_is_not_fine.png",
    "this-is-unbearable": f"{FINE}/this_is_unbearable.jpg",
}
PICTURE = r"(?i)\.(jpg|gif|png)$"
"""The site has films, too, which GitHub does not show."""

plugin = Plugin(
    "dog",
    about="Adds a picture of a dog.",
    commands=[
        Command(
            "woof",
            usage="/(woof|bark)",
            pattern=r"(?mi)^/(woof|bark)\s*$",
            about="Adds a picture of a dog.",
            who=ANYONE,
            examples=("/woof", "/bark"),
        ),
        *(Command(name, about="Adds a famous dog.", who=ANYONE, examples=(f"/{name}",)) for name in FAMOUS),
    ],
    effects=[AddComment],
)


class Dog(Struct, frozen=True):
    """One of the site's pictures."""

    url: str = ""


@plugin.on_command("woof", *FAMOUS)
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """A dog, after five tries at most."""
    famous = FAMOUS.get(comment.command.name)

    async def dog() -> str:
        url = famous or answer(await look.web.get(SITE, accept="application/json"), Dog).url
        if not matches(PICTURE, url):
            raise Refused("it is no picture")
        await expect_picture(look, url)
        return f"[![dog image]({url})]({url})"

    picture = await tried(5, dog)
    if picture is None:
        raise Refused("could not find a valid dog image")
    return [comment.reply(picture)]
