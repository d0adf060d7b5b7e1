"""Label selectors."""

import pytest

from cutwater.prowjob.selectors import selector

LABELS = {"master": "a", "arch": "arm64", "prow.k8s.io/type": "presubmit", "empty": ""}


@pytest.mark.parametrize(
    ("text", "is_selected"),
    [
        ("", True),
        ("master=a", True),
        ("master==a", True),
        ("master=b", False),
        ("other=a", False),
        ("master!=a", False),
        ("master!=b", True),
        ("other!=b", True),
        ("master", True),
        ("other", False),
        ("!other", True),
        ("! master", False),
        ("arch in (amd64, arm64)", True),
        ("arch in (amd64)", False),
        ("other in (a)", False),
        ("arch notin (amd64),master=a", True),
        ("arch notin (arm64)", False),
        ("other notin (a)", True),
        ("empty=", True),
        ("other=", False),
        (" master = a , arch=arm64 ", True),
        ("master=a,arch=amd64", False),
        ("prow.k8s.io/type=presubmit", True),
        ("in in (in)", False),
    ],
)
def test_selects(text: str, is_selected: bool) -> None:
    assert selector(text)(LABELS) is is_selected


@pytest.mark.parametrize(
    "text", ["=a", "a=b,", "a b", "a in b", "a in (b", "a=b c", ",", "a/b/c=d", "a=b/c", "!", "a in ((b))"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no label selector"):
        selector(text)
