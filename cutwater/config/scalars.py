"""Plain scalars as Go's YAML reader takes them: YAML 1.1, so that `on` is true and 0755 is 493.

Source: sigs.k8s.io/yaml (goyaml.v2 resolve, and its conversion of numbers and booleans into string fields).
"""

import math
import re
import struct
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal

Scalar = None | bool | int | float | str

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
MAY_BE_MORE = frozenset("+-.0123456789yYnNtTfFoO~")
"""With what a scalar begins that may be anything else than text."""

_FIRST_OF_NUMBER = frozenset("+-.0123456789")
_WHOLE = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = (16, 2, 8, 10)
_LEAST, _MOST = -(2**63), 2**64 - 1


def resolve(text: str) -> Scalar:
    """The value of a scalar that was written without quotes and without a tag."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _FIRST_OF_NUMBER:
        return _number(text)
    return text


def written(value: Scalar) -> str:
    """The value in a field that holds text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _shortest(value)


def _number(text: str) -> Scalar:
    digits = text.replace("_", "") if "_" in text else text
    if found := _WHOLE.fullmatch(digits):
        size = next(int(part, base) for part, base in zip(found.groups()[1:], _BASES, strict=True) if part)
        value = -size if found[1] == "-" else size
        if _LEAST <= value <= _MOST:
            return value
    return float(digits) if _FLOAT.fullmatch(digits) else text


def _shortest(value: float) -> str:
    """Go's 'g' for 32 bits with the fewest digits: it turns to an exponent below 0.0001 and from a million on.

    Go has read all 64 bits, and writes half of them: 1.123456789 becomes 1.1234568. Of two numbers that are equally
    near it takes the even one, or the greater where the number is a power of two.
    """
    single = _in_32_bits(value)
    if not math.isfinite(single):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(single, "NaN")
    exact = Decimal(single)
    ways = (ROUND_HALF_UP if abs(math.frexp(single)[0]) == 0.5 else ROUND_HALF_EVEN, ROUND_UP)
    rounded = (Context(digits, how).create_decimal(exact) for digits in range(1, 10) for how in ways)
    shortest = next(number for number in rounded if _in_32_bits(float(number)) == single)
    sign, figures, shift = shortest.normalize().as_tuple()
    assert isinstance(shift, int)
    exponent = len(figures) + shift - 1
    minus = "-" if sign else ""
    digits = "".join(map(str, figures))
    if -4 <= exponent < 6:
        return minus + format(Decimal(digits).scaleb(shift), "f")
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{minus}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _in_32_bits(value: float) -> float:
    try:
        (single,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(single)
