"""Flags as Go's programs take them, and the options that they make."""

import pytest

from cutwater.podutils import flags
from cutwater.podutils.options import InitUploadOptions
from cutwater.podutils.upload_flags import upload_options


@pytest.mark.parametrize(
    ("arguments", "name", "switch", "rest"),
    [
        (["--name=x", "a"], "x", False, ("a",)),
        (["-name", "x", "--on", "--", "--name=y"], "x", True, ("--name=y",)),
        (["--on=false", "--name", "1", "--name", "2"], "2", False, ()),
        (["a", "--on"], "", False, ("a", "--on")),
        (["-"], "", False, ("-",)),
    ],
)
def test_forms(arguments: list[str], name: str, switch: bool, rest: tuple[str, ...]) -> None:
    given = flags.parse(arguments, values=("name",), switches=("on",))
    assert (given.text("name"), given.switch("on"), given.rest) == (name, switch, rest)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--other"], "flag provided but not defined: -other"),
        (["--name"], "flag needs an argument: -name"),
        (["---name"], "bad flag syntax: ---name"),
        (["--on=maybe"], 'invalid boolean value "maybe" for -on: parse error'),
    ],
)
def test_what_is_wrong(arguments: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}$"):
        flags.parse(arguments, values=("name",), switches=("on",)).switch("on")


def test_where_to_upload_by_flags() -> None:
    arguments = [
        "--gcs-path=gs://bucket/pre/fix",
        "--dry-run=false",
        "--clone-log=l",
        "--media-type=log:text/plain",
        "a",
    ]
    options = upload_options(InitUploadOptions, arguments, log="clone-log")
    assert options == InitUploadOptions(
        bucket="bucket",
        path_prefix="pre/fix",
        path_strategy="explicit",
        media_types={"log": "text/plain"},
        items=("a",),
        log="l",
    )


@pytest.mark.parametrize("argument", ["--gcs-path=s3://b", "--media-type=log"])
def test_what_is_no_place_or_type(argument: str) -> None:
    with pytest.raises(ValueError, match=r"not a valid gcs path|missing colon delimiter"):
        upload_options(InitUploadOptions, [argument], log="clone-log")
