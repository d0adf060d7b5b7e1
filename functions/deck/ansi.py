"""The colours of a terminal in a log. Pure.

What a terminal would do beyond colours (move the cursor, set a title, make a link) is left out. The many colours of
newer terminals become the nearest of the sixteen that the style sheet has for light and for dark.
Source: ECMA-48 (SGR) and what xterm adds to it.
"""

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

_SEQUENCE = re.compile(
    r"\x1b\[([0-9;:]*)m"  # colours
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # any other control sequence
    r"|\x1b[PX^_\]][^\x07\x1b]*(?:\x07|\x1b\\)?"  # strings: titles, links
    r"|\x1b[ -/]*[0-~]?"  # everything shorter
)
_PLAIN_BYTES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[PX^_\]][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONGEST_CODE = 64

_PALETTE = (
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
)
_CUBE = (0, 95, 135, 175, 215, 255)


class Style(Struct, frozen=True):
    """How text looks. `ink` and `paper`: a colour from 0 to 15, or None for the page's own."""

    ink: int | None = None
    paper: int | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    inverse: bool = False

    @property
    def classes(self) -> str:
        """The classes of the style sheet, in one text."""
        named = [name for name in ("bold", "dim", "italic", "underline", "strike") if getattr(self, name)]
        ink, paper = (self.paper, self.ink) if self.inverse else (self.ink, self.paper)
        if self.inverse and paper is None:
            named.append("inverse")
        elif ink is not None and paper is None:
            named.append(f"ink{ink}")
        if paper is not None:
            named.append(f"paper{paper}")  # on which text is always the page's ground: any other may be unreadable
        return " ".join(named)

    @property
    def code(self) -> str:
        """The parameters of the sequence that leads here from plain text."""
        codes = [code for code, change in _SWITCHES.items() if code < 10 and _holds(self, change)]
        codes += [] if self.ink is None else [30 + self.ink if self.ink < 8 else 82 + self.ink]
        codes += [] if self.paper is None else [40 + self.paper if self.paper < 8 else 92 + self.paper]
        return ";".join(map(str, codes))


PLAIN = Style()

_SWITCHES: dict[int, dict[str, bool]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"inverse": True},
    9: {"strike": True},
    21: {"bold": False},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"inverse": False},
    29: {"strike": False},
}


def _holds(style: Style, change: dict[str, bool]) -> bool:
    return all(getattr(style, name) is value for name, value in change.items())


class Span(Struct, frozen=True):
    """A piece of a line in one style."""

    text: str
    style: Style


def spans(line: str, style: Style = PLAIN) -> tuple[list[Span], Style]:
    """The pieces of a line that begins in `style`, and the style in which it ends."""
    if "\x1b" not in line:
        return ([Span(visible(line), style)] if line else []), style
    found: list[Span] = []
    position = 0
    for sequence in _SEQUENCE.finditer(line):
        _add(found, line[position : sequence.start()], style)
        position = sequence.end()
        if sequence[1] is not None:
            style = styled(style, sequence[1])
    _add(found, line[position:], style)
    return found, style


def _add(found: list[Span], text: str, style: Style) -> None:
    if not text:
        return
    if found and found[-1].style == style:
        found[-1] = Span(found[-1].text + visible(text), style)
    else:
        found.append(Span(visible(text), style))


def visible(text: str) -> str:
    """The text without what acts unseen: control characters, and those that turn the direction of writing."""
    return _UNSEEN.sub("\ufffd", text)


def without(log: bytes) -> bytes:
    """A log without its sequences: what is searched. Its lines are the same ones."""
    return _PLAIN_BYTES.sub(b"", log) if b"\x1b" in log else log


def styled(style: Style, parameters: str) -> Style:
    """The style after a colour sequence with these parameters."""
    if len(parameters) > _LONGEST_CODE:
        return style
    codes = iter([int(code) if code else 0 for code in parameters.replace(":", ";").split(";")])
    for code in codes:
        if code == 0:
            style = PLAIN
        elif code in _SWITCHES:
            style = replace(style, **_SWITCHES[code])
        elif code in {38, 48}:
            colour = _extended(codes)
            style = replace(style, **{"ink" if code == 38 else "paper": colour})
        else:
            style = _plainly_coloured(style, code)
    return style


def _plainly_coloured(style: Style, code: int) -> Style:
    match code // 10, code % 10:
        case 3, 9:
            return replace(style, ink=None)
        case 4, 9:
            return replace(style, paper=None)
        case (3 | 9) as tens, colour if colour < 8:
            return replace(style, ink=colour + (8 if tens == 9 else 0))
        case (4 | 10) as tens, colour if colour < 8:
            return replace(style, paper=colour + (8 if tens == 10 else 0))
    return style


def _extended(codes: Iterator[int]) -> int | None:
    """The colour of `5;n` and of `2;r;g;b`."""
    match next(codes, 0):
        case 5:
            return _of_256(next(codes, 0))
        case 2:
            return nearest(next(codes, 0), next(codes, 0), next(codes, 0))
    return None


def _of_256(number: int) -> int:
    if number < 16:
        return number
    if number >= 232:
        grey = min(8 + (number - 232) * 10, 255)
        return nearest(grey, grey, grey)
    red, green, blue = (number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6
    return nearest(_CUBE[red], _CUBE[green], _CUBE[blue])


def nearest(red: int, green: int, blue: int) -> int:
    """The one of the sixteen colours that is most like this one."""

    def distance(colour: int) -> int:
        r, g, b = _PALETTE[colour]
        return (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2

    return min(range(16), key=distance)
