"""Others' HTML, made harmless."""

import random

import pytest

from functions.deck.markup import KEPT, LONGEST, harmless


@pytest.mark.parametrize(
    "html, shown",
    [
        pytest.param("plain & 'quoted'", "plain &amp; &#x27;quoted&#x27;", id="text"),
        pytest.param("one<br>two<br/>", "one<br>two<br>", id="line breaks"),
        pytest.param("<ul><li>a</li><li>b</ul>c", "<ul><li>a</li><li>b</li></ul>c", id="a list with a tag left open"),
        pytest.param(
            '<a href="https://x.y/z?a=1&amp;b=2" onclick="x()">z</a>',
            '<a href="https://x.y/z?a=1&amp;b=2" rel="noreferrer nofollow">z</a>',
            id="a link",
        ),
        pytest.param('<a href="javascript:alert(1)">z</a>', "<a>z</a>", id="a link that runs something"),
        pytest.param('<a href="//evil">z</a><a href="/rerun">z</a>', "<a>z</a><a>z</a>", id="links that lead nowhere"),
        pytest.param(
            '<a href="https://x/&quot;><b>">z',
            '<a href="https://x/&quot;&gt;&lt;b&gt;" rel="noreferrer nofollow">z</a>',
            id="a quote",
        ),
        pytest.param("<script>alert(1)</script>after", "after", id="a script"),
        pytest.param("<scr<script>ipt>alert(1)</script>", "&lt;scr&lt;script&gt;ipt&gt;alert(1)", id="in pieces"),
        pytest.param("<img src=x onerror=alert(1)>seen", "seen", id="a picture"),
        pytest.param('<b style="position:fixed">b</b>', "<b>b</b>", id="a style"),
        pytest.param("<div><h1>title</h1></div>", "title", id="other tags"),
        pytest.param("/test [<job name>|all]", "/test [&lt;job name&gt;|all]", id="no tag at all"),
        pytest.param("1 < 2 <", "1 &lt; 2 &lt;", id="signs"),
        pytest.param("</ul></b>x", "x", id="ends of nothing"),
        pytest.param("<!-- <b> -->x<!doctype html>", "x", id="comments"),
        pytest.param("<b>bold", "<b>bold</b>", id="left open"),
        pytest.param("&lt;script&gt;", "&lt;script&gt;", id="escaped by them"),
    ],
)
def test_harmless(html: str, shown: str) -> None:
    assert harmless(html) == shown


def test_deep_and_long() -> None:
    assert str(harmless("<b>" * 5000)).count("<b>") == 12
    assert len(harmless("x" * 100_000)) == LONGEST


def test_whatever_comes_in() -> None:
    """Nothing goes out that opens a tag with an attribute, but a link of ours."""
    pieces = [*"<>/\"'x &\x00", "script", "b", "a href=", "on=", "<!--", "-->", "svg", "]]>"]
    dice = random.Random(7)
    for _ in range(300):
        shown = str(harmless("".join(dice.choices(pieces, k=30))))
        for tag in shown.split("<")[1:]:
            name = tag.partition(">")[0].removeprefix("/")
            assert name in KEPT | {"br"} or name.startswith('a href="http'), shown
