"""Talks about statuses that are lost: the reports are told again, by crier."""

from typing import Any

import pytest

from cutwater.kube.client import PROWJOB
from cutwater.prowjob.labels import IS_OPTIONAL
from tests.functions.plugins.talk import MEMBER, NUMBER, ORG, REPO, STRANGER, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

CONFIG = "{prowjob_namespace: prow, plank: {report_templates: {'*': more}}}"
LABELS = {"prow.k8s.io/refs.org": ORG, "prow.k8s.io/refs.repo": REPO, "prow.k8s.io/refs.pull": str(NUMBER)}


def run(job: str, state: str, *, started: str = "10:00", told: bool = True, **spec: Any) -> dict[str, Any]:
    """A run of a presubmit, whose state has been told of."""
    head = {"number": NUMBER, "sha": "head", "author": "carol"}
    refs = {"org": ORG, "repo": REPO, "base_ref": "main", "base_sha": "b", "pulls": [head]}
    described = {"type": "presubmit", "agent": "kubernetes", "job": job, "context": f"ci/{job}", "report": True}
    described |= {"rerun_command": f"/test {job}", "refs": refs} | spec
    status: dict[str, Any] = {
        "state": state,
        "startTime": f"2026-03-01T{started}:00Z",
        "description": f"Job {state}.",
        "url": f"u/{job}",
    }
    status |= {"prev_report_states": {"github-reporter": state}} if told else {}
    status |= {} if state in {"triggered", "pending"} else {"completionTime": "2026-03-01T11:00:00Z"}
    labels = {**LABELS, "prow.k8s.io/type": described["type"], IS_OPTIONAL: "false"}
    name = f"{job}-{started.replace(':', '')}"
    return {"metadata": {"name": name, "namespace": "prow", "labels": labels}, "spec": described, "status": status}


def elsewhere(**head: Any) -> dict[str, Any]:
    """Refs that differ in this."""
    refs: dict[str, Any] = run("x", "success")["spec"]["refs"]
    pull = {name: head.pop(name) for name in ("number", "sha") if name in head}
    return refs | head | {"pulls": [refs["pulls"][0] | pull]}


async def statuses(
    said: str, *runs: dict[str, Any], who: str = STRANGER, **given: Any
) -> tuple[dict[str, str], list[str]]:
    """What GitHub shows afterwards: states by context, and our comments."""
    async with Talk("refresh", config=CONFIG, **given) as talk:
        for one in runs:
            made = {"apiVersion": "prow.k8s.io/v1", "kind": "ProwJob", **one}
            await talk.scene.kube.create(PROWJOB, "prow", made)
        await talk.say(who, said)
        return {context: state for context, (state, _) in talk.issue.statuses.items()}, [
            text for by, text in talk.issue.comments if by == BOT
        ]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        pytest.param([run("a", "success")], {"ci/a": "success"}, id="a success"),
        pytest.param([run("a", "pending")], {"ci/a": "pending"}, id="one that runs"),
        pytest.param([run("a", "success"), run("b", "error")], {"ci/a": "success", "ci/b": "error"}, id="two jobs"),
        pytest.param(
            [run("a", "failure"), run("a", "success", started="10:30")], {"ci/a": "success"}, id="the newest of a job"
        ),
        pytest.param([run("a", "success", refs=elsewhere(sha="old"))], {}, id="of an older head"),
        pytest.param([run("a", "success", refs=elsewhere(number=8))], {}, id="of another pull request"),
        pytest.param([run("a", "success", refs=elsewhere(repo="glider"))], {}, id="of another repository"),
        pytest.param([run("a", "success", report=False)], {}, id="one that is not to be reported"),
        pytest.param([run("a", "success", type="postsubmit")], {}, id="no presubmit"),
        pytest.param([run("a", "success", agent="tekton-pipeline")], {}, id="of another controller"),
        pytest.param([run("a", "success", agent="jenkins")], {"ci/a": "success"}, id="of Jenkins"),
        pytest.param([], {}, id="no runs"),
    ],
)
async def test_what_is_told_again(runs: list[dict[str, Any]], expected: dict[str, str]) -> None:
    told, comments = await statuses("/refresh", *runs)
    assert (told, comments) == (expected, [])


async def test_the_comment_on_failures_comes_with_it() -> None:
    told, (comment,) = await statuses("/refresh", run("a", "failure"))
    assert told == {"ci/a": "failure"}
    assert "ci/a | head | [link](u/a) | true | `/test a`" in comment and "\nmore\n" in comment


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("/refresh now", {}),
        ("x /refresh", {}),
        ("/refresh", {"state": "closed"}),
        ("/refresh", {"on": "issue"}),
    ],
    ids=["more behind it", "within a line", "closed", "an issue"],
)
async def test_what_is_not_asked_for(said: str, given: dict[str, Any]) -> None:
    async with Talk("refresh", config=CONFIG, **given) as talk:
        await talk.scene.kube.create(
            PROWJOB, "prow", {"apiVersion": "prow.k8s.io/v1", "kind": "ProwJob", **run("a", "success")}
        )
        await talk.say(MEMBER, said)
        assert given.get("on") == "issue" or talk.issue.statuses == {}
