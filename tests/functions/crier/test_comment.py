"""Which comments of ours come, change and go, and what they say."""

from typing import Any

import pytest
from inline_snapshot import snapshot

from cutwater.prowjob.labels import IS_OPTIONAL
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus, Pull, Refs
from functions.crier.comment import TAG, Change, Own, body_of, change_for

BLA, NEW_FOO, OLD_FOO = "bla test | a | b | c | d", "foo test | new", "foo test | old | x | y"
ROW = "bla test | sha | [link](http://deck) | true | `/test bla`"


def job(state: str = "failure", *, optional: str = "false", kind: str = "presubmit") -> ProwJob:
    pull = Pull(number=1, author="bob", sha="sha")
    spec: dict[str, Any] = {"type": kind, "job": "bla", "context": "bla test", "rerun_command": "/test bla"}
    return ProwJob(
        metadata=ObjectMeta(labels={IS_OPTIONAL: optional}),
        spec=ProwJobSpec(refs=Refs(org="acme", repo="rocket", pulls=(pull,)), report=True, **spec),
        status=ProwJobStatus(state=state, url="http://deck"),  # type: ignore[arg-type]
    )


def report(*rows: str, tag: str = TAG, newline: str = "\n") -> str:
    return newline.join(["--- | ---", *rows, "", "text", tag])


@pytest.mark.parametrize(
    ("state", "own", "change"),
    [
        pytest.param("failure", [], Change(rows=(ROW,)), id="the first failure"),
        pytest.param("success", [], Change(), id="nothing to say"),
        pytest.param("success", [Own(1, report(OLD_FOO, tag=""))], Change(), id="a comment of another kind"),
        pytest.param("success", [Own(1, report(BLA))], Change(delete=(1,)), id="nothing fails any more"),
        pytest.param("success", [Own(1, report(BLA, newline="\r\n"))], Change(delete=(1,)), id="with carriage returns"),
        pytest.param("error", [Own(1, report(BLA))], Change(delete=(1,)), id="an error clears its row, too"),
        pytest.param("aborted", [Own(1, report(BLA, OLD_FOO))], Change(rows=(OLD_FOO,), edit=1), id="so does an abort"),
        pytest.param("failure", [Own(1, report(BLA))], Change(rows=(ROW,), delete=(1,)), id="it fails again"),
        pytest.param(
            "failure", [Own(1, report(BLA, OLD_FOO))], Change(rows=(OLD_FOO, ROW), delete=(1,)), id="with another"
        ),
        pytest.param(
            "failure",
            [Own(1, report(BLA, OLD_FOO)), Own(2, report(NEW_FOO))],
            Change(rows=(NEW_FOO, ROW), delete=(1, 2)),
            id="the newest row of each test",
        ),
        pytest.param(
            "success",
            [Own(1, report(OLD_FOO)), Own(2, report("foo2 test | x"))],
            Change(rows=(OLD_FOO, "foo2 test | x"), delete=(1,), edit=2),
            id="several become one, in silence",
        ),
    ],
)
def test_change_for(state: str, own: list[Own], change: Change) -> None:
    assert change_for([job(state)], own) == change


@pytest.mark.parametrize(
    ("failed", "required"),
    [
        pytest.param(job(), "true", id="required"),
        pytest.param(job(optional="True"), "false", id="optional"),
        pytest.param(job(optional="maybe"), "unknown", id="a label that says neither"),
        pytest.param(job(kind="postsubmit"), "unknown", id="a postsubmit"),
    ],
)
def test_whether_a_test_is_required(failed: ProwJob, required: str) -> None:
    [row] = change_for([failed], []).rows
    assert row.split(" | ")[3] == required


def test_a_comment_in_full() -> None:
    assert body_of(["one", "two"], author="bob", extra="From a template.") == snapshot("""\
@bob: The following tests **failed**, say `/retest` to rerun all failed tests or `/retest-required` to rerun all mandatory failed tests:

Test name | Commit | Details | Required | Rerun command
--- | --- | --- | --- | ---
one
two

From a template.

<details>

Instructions for interacting with me using PR comments are available [here](https://git.k8s.io/community/contributors/guide/pull-requests.md).  If you have questions or suggestions related to my behavior, please file an issue against the [kubernetes-sigs/prow](https://github.com/kubernetes-sigs/prow/issues/new?title=Prow%20issue:) repository. I understand the commands that are listed [here](https://go.k8s.io/bot-commands).
</details>
<!-- test report -->\
""")  # noqa: E501


@pytest.mark.parametrize(
    ("rows", "extra", "beginning"),
    [
        pytest.param(["one"], None, "@bob: The following test **failed**, say `/retest`", id="one"),
        pytest.param(["one", "two"], None, "@bob: The following tests **failed**, say `/retest`", id="two"),
        pytest.param([], None, "@bob: all tests **passed!**\n\n\n<details>", id="none"),
        pytest.param([], "", "@bob: all tests **passed!**\n\n\n\n\n<details>", id="none, and an empty template"),
    ],
)
def test_how_a_comment_begins(rows: list[str], extra: str | None, beginning: str) -> None:
    assert body_of(rows, author="bob", extra=extra).startswith(beginning)
