import math

import pytest

from cutwater.config.scalars import Scalar, resolve, written


@pytest.mark.parametrize(
    "text, value",
    [
        ("on", True),
        ("y", True),
        ("NO", False),
        ("oN", "oN"),
        ("~", None),
        ("", None),
        ("0755", 493),
        ("0o755", 493),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("08", 8.0),
        ("-12", -12),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("12:30", "12:30"),
        ("2001-01-01", "2001-01-01"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", 2.0**64),
    ],
)
def test_plain_scalars_are_what_go_takes_them_for(text: str, value: Scalar) -> None:
    found = resolve(text)
    assert (found, type(found)) == (value, type(value))


def test_infinity_is_a_number() -> None:
    assert resolve("-.inf") == -math.inf


@pytest.mark.parametrize(
    "value, text",
    [
        (True, "true"),
        (None, ""),
        (493, "493"),
        (1.5, "1.5"),
        (1000.0, "1000"),
        (999999.0, "999999"),
        (1e6, "1e+06"),
        (1234567.5, "1.2345675e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-2.5, "-2.5"),
        (0.0, "0"),
        (1.123456789, "1.1234568"),
        (16777217.0, "1.6777216e+07"),
        (2.0**-12, "0.00024414063"),
        (2.0**90, "1.2379401e+27"),
        (3.5e38, "+Inf"),
        (1e-46, "0"),
    ],
)
def test_in_a_field_of_text_they_are_written_as_go_writes_them(value: Scalar, text: str) -> None:
    assert written(value) == text
