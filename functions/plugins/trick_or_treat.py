"""trick-or-treat: /trick-or-treat.

Source: sigs.k8s.io/prow pkg/plugins/trick-or-treat, whose pictures some of these are.
"""

from zlib import crc32

from cutwater.errors import Refused
from cutwater.github.effects import AddComment
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin
from functions.plugins.pictures import expect_picture, tried

PICTURES = (
    "https://cdn.pixabay.com/photo/2013/07/12/11/59/candies-145068_640.png",
    "https://cdn.pixabay.com/photo/2013/07/25/11/51/jellybean-166828_960_720.jpg",
    "https://cdn.pixabay.com/photo/2013/08/10/18/13/pick-and-mix-171342_640.jpg",
    "https://cdn.pixabay.com/photo/2013/08/10/18/41/candy-171343_960_720.jpg",
    "https://cdn.pixabay.com/photo/2014/04/05/11/30/sweets-316059_640.jpg",
    "https://cdn.pixabay.com/photo/2015/03/27/00/09/chewy-candy-693867_640.jpg",
    "https://cdn.pixabay.com/photo/2015/03/27/00/14/chewy-candy-693888_960_720.jpg",
    "https://cdn.pixabay.com/photo/2015/04/23/02/21/candy-735595_960_720.jpg",
    "https://cdn.pixabay.com/photo/2015/09/25/01/11/candy-956555_960_720.jpg",
    "https://cdn.pixabay.com/photo/2016/07/13/09/43/gummy-bears-1514016_640.png",
    "https://cdn.pixabay.com/photo/2017/07/01/22/30/cartoon-2462970_960_720.png",
    "https://images.pexels.com/photos/1375807/pexels-photo-1375807.jpeg?auto=compress&cs=tinysrgb&h=750&w=1260",
    "https://images.pexels.com/photos/1578293/pexels-photo-1578293.jpeg?auto=compress&cs=tinysrgb&h=750&w=1260",
    "https://images.pexels.com/photos/4015264/pexels-photo-4015264.jpeg?auto=compress&cs=tinysrgb&h=750&w=1260",
    "https://images.pexels.com/photos/4016594/pexels-photo-4016594.jpeg?auto=compress&cs=tinysrgb&h=750&w=1260",
    "https://images.pexels.com/photos/443419/pexels-photo-443419.jpeg?auto=compress&cs=tinysrgb&h=750&w=1260",
)
TRIES = 5

plugin = Plugin(
    "trick-or-treat",
    about="Adds a picture of sweets.",
    commands=[
        Command(
            "trick-or-treat",
            usage="/trick(-)or(-)treat",
            pattern=r"(?mi)^/trick(\-)?or(\-)?treat(?: (.+))?\s*$",
            about="Adds a picture of sweets.",
            who=ANYONE,
            examples=("/trick-or-treat", "/trickortreat"),
        ),
    ],
    effects=[AddComment],
)


@plugin.on_command("trick-or-treat")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """Any of the pictures that can be shown; the same one for the same comment, however often it is decided."""
    first = crc32(comment.text.url.encode())
    bag = iter(PICTURES[(first + step) % len(PICTURES)] for step in range(TRIES))

    async def treat() -> str:
        picture = next(bag)
        await expect_picture(look, picture)
        return f"![candy image]({picture})"

    picture = await tried(TRIES, treat)
    if picture is None:
        raise Refused("could not find a valid candy image")
    return [comment.reply(picture)]
