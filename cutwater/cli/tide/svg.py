"""The curves of a simulation as an SVG image."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from cutwater.cli.tide.outcome import Outcome
from cutwater.cli.tide.report import curves

WIDTH, HEIGHT, MARGIN, GAP = 720, 140, 56, 44
"""Of one panel, and what is around it, in pixels."""
STRETCHES = 96
_COLOURS = ("#1f6feb", "#bf3989", "#1a7f37", "#9a6700")


def image(outcomes: Mapping[str, Outcome], hours: float) -> str:
    """One panel for each thing that changes with time, one curve for each policy."""
    panels = list(curves(outcomes, STRETCHES))
    height = len(panels) * (HEIGHT + GAP) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + 2 * MARGIN}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        *_legend(list(outcomes)),
    ]
    for number, (title, by_policy) in enumerate(panels):
        parts += _panel(title, by_policy, hours, top=GAP + number * (HEIGHT + GAP))
    return "\n".join([*parts, "</svg>", ""])


def _legend(names: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        x = MARGIN + number * 160
        yield f'<rect x="{x}" y="10" width="14" height="4" fill="{_colour(number)}"/>'
        yield f'<text x="{x + 20}" y="17">{escape(name)}</text>'


def _panel(title: str, by_policy: Mapping[str, Sequence[float]], hours: float, *, top: int) -> Iterator[str]:
    most = max((max(values) for values in by_policy.values()), default=0) or 1.0
    bottom = top + HEIGHT
    yield f'<text x="{MARGIN}" y="{top - 6}" font-weight="bold">{escape(title)}</text>'
    yield f'<path d="M{MARGIN} {top}V{bottom}H{MARGIN + WIDTH}" fill="none" stroke="#57606a"/>'
    yield f'<text x="{MARGIN - 6}" y="{top + 10}" text-anchor="end">{most:.3g}</text>'
    yield f'<text x="{MARGIN - 6}" y="{bottom}" text-anchor="end">0</text>'
    yield f'<text x="{MARGIN + WIDTH}" y="{bottom + 15}" text-anchor="end">{hours:g} h</text>'
    for number, values in enumerate(by_policy.values()):
        points = " ".join(
            f"{MARGIN + WIDTH * index / (len(values) - 1):.1f},{bottom - HEIGHT * value / most:.1f}"
            for index, value in enumerate(values)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{_colour(number)}" stroke-width="1.5"/>'


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]
