"""Plugins that fetch a picture or a joke, in talks."""

import pytest

from functions.plugins import cat, goose, pony
from functions.plugins.yuks import as_text
from tests.functions.plugins.talk import STRANGER, Talk

pytestmark = pytest.mark.virtual

IMAGES = {"https://img.example/": "x", "https://upload.wikimedia.org/": "x", "https://storage.googleapis.com/": "x"}
DOG, PONY = "https://random.dog/woof.json", "https://theponyapi.com/"
ONE_PONY = '{"pony": {"representations": {"small": "https://img.example/s", "full": "https://img.example/f"}}}'
PONY_SHOWN = "[![pony image](https://img.example/s)](https://img.example/f)"
FINE = "https://storage.googleapis.com/this-is-fine-images/this_is_fine.png"


def a_dog(url: str) -> str:
    return f'{{"url": "{url}"}}'


@pytest.mark.parametrize(
    "plugin, says, sites, answers",
    [
        pytest.param(
            "cat",
            "/meow",
            {cat.SITE: '[{"url": "https://img.example/c"}]'},
            ["![cat image](https://img.example/c)"],
            id="a cat",
        ),
        pytest.param("cat", "/meow no", {}, [f"![cat image]({cat.GRUMPY})"], id="a grumpy cat, without asking"),
        pytest.param("cat", "/meow", {cat.SITE: "[]"}, [cat.DOWN], id="no cat"),
        pytest.param("cat", "/meow", {cat.SITE: "[{}]"}, [cat.DOWN], id="a cat without a picture"),
        pytest.param("cat", "/meow boxes", {cat.SITE: "!406"}, [cat.BAD_CATEGORY], id="no such cats"),
        pytest.param(
            "cat", "/meow", {cat.SITE: '[{"url": "https://10.0.0.1/c"}]'}, [cat.DOWN], id="a cat at our own place"
        ),
        pytest.param(
            "cat",
            "/meowvie clothes",
            {f"{cat.SITE}&category=clothes&mime_types=gif": '[{"url": "https://img.example/film"}]'},
            ["![cat image](https://img.example/film)"],
            id="a film of a category",
        ),
        pytest.param(
            "dog",
            "/woof",
            {DOG: a_dog("https://img.example/d.jpg")},
            ["[![dog image](https://img.example/d.jpg)](https://img.example/d.jpg)"],
            id="a dog",
        ),
        pytest.param("dog", "/woof", {DOG: a_dog("https://img.example/d.mp4")}, [], id="a dog in a film"),
        pytest.param("dog", "/this-is-fine", {}, [f"[![dog image]({FINE})]({FINE})"], id="a famous dog"),
        pytest.param(
            "goose",
            "/honk",
            {goose.SITE: '{"urls": {"small": "https://img.example/g"}}'},
            ["\n![goose image](https://img.example/g)"],
            id="a goose",
        ),
        pytest.param("goose", "/honk", {}, [goose.NONE], id="no goose"),
        pytest.param("pony", "/pony\n" * 6, {PONY: ONE_PONY}, [f"{PONY_SHOWN}\n" * 5], id="five of six ponies"),
        pytest.param(
            "pony",
            "/pony Twilight Sparkle \r",
            {f"{PONY}api/v1/pony/random?q=Twilight+Sparkle": ONE_PONY},
            [f"{PONY_SHOWN}\n"],
            id="one pony",
        ),
        pytest.param("pony", "/pony x", {}, [pony.NO_SUCH], id="no such pony"),
        pytest.param("pony", "/pony", {}, [pony.DOWN], id="no pony"),
        pytest.param(
            "yuks", "/joke", {"https://icanhazdadjoke.com": '{"joke": "a *b*"}'}, ["a &#42;b&#42;"], id="a joke"
        ),
        pytest.param("yuks", "/joke", {"https://icanhazdadjoke.com": '{"joke": ""}'}, [], id="an empty joke"),
    ],
)
async def test_answers(plugin: str, says: str, sites: dict[str, str], answers: list[str]) -> None:
    async with Talk(plugin, sites=IMAGES | sites) as talk:
        await talk.say(STRANGER, says)
        assert talk.answers == answers


def test_a_joke_is_no_markdown() -> None:
    assert as_text("[hello](url)") == "&#91;hello&#93;&#40;url&#41;"
    assert as_text("What's up?\n_1_!") == "What's up?&#10;_1_!"
