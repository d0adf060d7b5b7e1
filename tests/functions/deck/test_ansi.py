"""Colours of a terminal."""

import pytest

from functions.deck import ansi
from functions.deck.ansi import PLAIN, Style, spans, styled

RED = Style(ink=1)


def shown(line: str) -> list[tuple[str, str]]:
    return [(span.text, span.style.classes) for span in spans(line)[0]]


@pytest.mark.parametrize(
    "line, pieces",
    [
        pytest.param("plain", [("plain", "")], id="plain"),
        pytest.param("", [], id="nothing"),
        pytest.param("\x1b[31mred\x1b[0m not", [("red", "ink1"), (" not", "")], id="a colour and its end"),
        pytest.param("\x1b[31mred\x1b[m not", [("red", "ink1"), (" not", "")], id="the short end"),
        pytest.param("\x1b[1;91;44mx", [("x", "bold paper4")], id="several at once"),
        pytest.param("\x1b[1mx\x1b[22my", [("x", "bold"), ("y", "")], id="bold off"),
        pytest.param("\x1b[38;5;196mx", [("x", "ink9")], id="of 256"),
        pytest.param("\x1b[38;5;240mx", [("x", "ink8")], id="a grey of 256"),
        pytest.param("\x1b[48;2;0;0;250mx", [("x", "paper4")], id="any colour"),
        pytest.param("\x1b[38:5:2mx", [("x", "ink2")], id="with colons"),
        pytest.param("\x1b[38mx", [("x", "")], id="a colour that is not said"),
        pytest.param("\x1b[7mx\x1b[31my", [("x", "inverse"), ("y", "paper1")], id="turned round"),
        pytest.param("\x1b[999mx", [("x", "")], id="an unknown code"),
        pytest.param("a\x1b[2K\x1b[1Gb", [("ab", "")], id="movements"),
        pytest.param("\x1b]8;;http://evil/\x07text\x1b]8;;\x07", [("text", "")], id="a link is its text"),
        pytest.param("\x1b]0;title\x1b\\text", [("text", "")], id="a title"),
        pytest.param("x\x1b", [("x", "")], id="cut off"),
        pytest.param("x\x1b[3", [("x3", "")], id="cut off later"),
        pytest.param("a\x00b\x08c", [("a\ufffdb\ufffdc", "")], id="control characters"),
        pytest.param("a\u202eb", [("a\ufffdb", "")], id="turned direction"),
        pytest.param("\x1b[" + "1;" * 90 + "1mx", [("x", "")], id="endless parameters"),
    ],
)
def test_lines(line: str, pieces: list[tuple[str, str]]) -> None:
    assert shown(line) == pieces


def test_a_colour_goes_on_in_the_next_line() -> None:
    _, style = spans("\x1b[31mred")
    assert spans("still", style)[0][0].style == RED


@pytest.mark.parametrize(
    "style",
    [PLAIN, RED, Style(ink=12, paper=9, bold=True, underline=True), Style(dim=True, inverse=True, strike=True)],
)
def test_a_style_can_be_written_down(style: Style) -> None:
    assert styled(PLAIN, style.code) == style


def test_what_is_searched_has_the_same_lines() -> None:
    log = b"\x1b[31mred\x1b[0m\nplain\n\x1b]0;ti\ntle\x07\n"
    assert ansi.without(log).count(b"\n") == log.count(b"\n")
    assert ansi.without(log).startswith(b"red\nplain\n")
