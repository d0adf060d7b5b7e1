"""A status' description, and the commit behind it."""

import pytest

from cutwater.prowjob.descriptions import LONGEST, base_sha_of, shortened, with_base_sha

SHA = "0123456789" * 4
PAD = "\u2001"


@pytest.mark.parametrize(
    ("text", "sha", "result"),
    [
        pytest.param("", SHA, f"{PAD * 23} BaseSHA:{SHA}", id="no text"),
        pytest.param("Job succeeded.", SHA, f"Job succeeded.{PAD * 20} BaseSHA:{SHA}", id="short"),
        pytest.param("x" * 91, SHA, f"{'x' * 91} BaseSHA:{SHA}", id="just fits"),
        pytest.param("x" * 90, SHA, f"{'x' * 41} ... {'x' * 41}{PAD} BaseSHA:{SHA}", id="the padding takes its room"),
        pytest.param("x" * 92, SHA, f"{'x' * 43} ... {'x' * 43} BaseSHA:{SHA}", id="too long"),
        pytest.param("x" * 140, "", "x" * 140, id="no commit"),
        pytest.param("x" * 141, "", f"{'x' * 67} ... {'x' * 67}", id="no commit, too long"),
    ],
)
def test_with_base_sha(text: str, sha: str, result: str) -> None:
    assert with_base_sha(text, sha) == result
    assert len(result.encode()) <= LONGEST
    assert base_sha_of(result) == sha


def test_a_letter_that_is_cut_stays_readable() -> None:
    assert shortened("\u20ac" * 10, 15) == "\u20ac\ufffd\ufffd ... \ufffd\ufffd\u20ac"


@pytest.mark.parametrize(
    ("description", "sha"),
    [
        pytest.param(f"Job failed. Basesha:{SHA}", SHA, id="as it was once written"),
        pytest.param("Job failed. BaseSHA:abc", "", id="no whole commit"),
        pytest.param("Job failed.", "", id="none"),
    ],
)
def test_base_sha_of(description: str, sha: str) -> None:
    assert base_sha_of(description) == sha
