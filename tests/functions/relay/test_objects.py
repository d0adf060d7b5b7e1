"""Who is told of a change of an object, and who is left in peace."""

from typing import Any

import msgspec
import pytest

from cutwater.errors import Later
from cutwater.events.effect import apply
from cutwater.events.event import Event, NotAnEvent
from cutwater.prowjob.labels import REPORTED
from functions.relay.objects import looks_after, pass_on
from tests.edges import Published, edges

REFS = {"org": "acme", "repo": "rocket", "base_ref": "main"}
DONE = {"completionTime": "2026-03-02T12:00:00Z"}
TOLD = {"prev_report_states": {"github-reporter": "success", "gcsreporter": "success"}}


def change(kind: str, body: dict[str, Any], verb: str = "update", **extensions: str) -> Event:
    meta = {"name": "a", "namespace": "default", "labels": {"created-by-prow": "true"}}
    whole = {"apiVersion": "x", "kind": kind, **body, "metadata": meta | body.get("metadata", {})}
    return Event(
        id="1",
        source="https://kube",
        type=f"dev.knative.apiserver.resource.{verb}",
        extensions={"kind": kind, **extensions},
        data=msgspec.json.encode(whole),
    )


def prowjob(
    state: str = "triggered",
    *,
    status: dict[str, Any] | None = None,
    reported: bool = False,
    notes: dict[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    wanted = {"type": "presubmit", "job": "unit", "agent": "kubernetes", "refs": REFS, "report": True} | spec
    metadata = {"labels": {REPORTED: "true"} if reported else {}, "annotations": notes or {}}
    return {"spec": wanted, "status": {"state": state} | (status or {}), "metadata": metadata}


def told(event: Event) -> list[str]:
    return [look.attributes.get("reporter") or look.role for look in looks_after(event)]


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        pytest.param(prowjob(), ["plank", "github-reporter"], id="new"),
        pytest.param(prowjob("scheduling"), [], id="without a cluster yet: nobody's"),
        pytest.param(
            prowjob("pending", status={"build_id": "1"}),
            ["github-reporter", "gcsreporter"],
            id="begun: plank hears of its pod",
        ),
        pytest.param(
            prowjob("pending", status={"build_id": "1", "prev_report_states": {"github-reporter": "pending"}}),
            [],
            id="told on GitHub: the others were woken, too",
        ),
        pytest.param(
            prowjob("pending", status={"build_id": "1", "pendingTime": "2026-03-02T11:00:00Z"}),
            ["github-reporter", "gcsreporter", "gcsk8sreporter"],
            id="begun in a pod",
        ),
        pytest.param(
            prowjob("aborted", status=DONE | {"build_id": "1", "prev_report_states": {"github-reporter": "aborted"}}),
            ["gcsreporter", "tide"],
            id="an abort's end is news, though GitHub has told of the abort",
        ),
        pytest.param(
            prowjob("pending", status={"build_id": "1"}, notes={"report.cutwater.dev/gcsreporter": "pending: no"}),
            ["github-reporter"],
            id="refused before: the sweep tries it again",
        ),
        pytest.param(prowjob(agent="jenkins"), ["jenkins-operator", "github-reporter"], id="jenkins"),
        pytest.param(
            prowjob(agent="jenkins", notes={"cutwater.dev/jenkins-start": "taken 1 1"}),
            ["github-reporter"],
            id="in Jenkins' hands: its operator's sweep follows it",
        ),
        pytest.param(
            prowjob("aborted", agent="jenkins"), ["jenkins-operator", "github-reporter"], id="to be stopped in Jenkins"
        ),
        pytest.param(
            prowjob("success", status=DONE | {"build_id": "1"}),
            ["github-reporter", "gcsreporter"],
            id="ended: plank has nothing to do any more",
        ),
        pytest.param(
            prowjob("success", status=DONE | TOLD | {"build_id": "1"}), ["tide"], id="ended, and GitHub shows it"
        ),
        pytest.param(
            prowjob("success", status=DONE | TOLD | {"build_id": "1"}, reported=True),
            [],
            id="told of long ago",
        ),
        pytest.param(
            prowjob("success", status=DONE, max_concurrency=1, report=False),
            ["plank", "tide"],
            id="ended: others may wait for its place",
        ),
        pytest.param(
            prowjob("aborted", job_queue_name="q", report=False), ["plank"], id="an abort that is to be carried out"
        ),
        pytest.param(
            prowjob("success", status=DONE, type="batch", report=False), ["tide"], id="a batch: told to tide alone"
        ),
        pytest.param(prowjob("success", status=DONE, type="periodic", refs=None), [], id="a periodic is no pool's"),
    ],
)
def test_who_looks_at_a_prowjob(job: dict[str, Any], expected: list[str]) -> None:
    assert told(change("ProwJob", job)) == expected


def test_whom_the_user_has_turned_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWATER_REPORTERS", "slackreporter, webhook/audit")
    assert told(change("ProwJob", prowjob())) == ["plank", "slackreporter", "webhook/audit"]


@pytest.mark.parametrize(
    ("pod", "verb", "expected"),
    [
        pytest.param({"status": {"phase": "Pending"}}, "add", [], id="made, by plank itself"),
        pytest.param({"status": {"phase": "Running"}}, "update", [], id="running"),
        pytest.param({"status": {"phase": "Succeeded"}}, "update", ["plank"], id="ended well"),
        pytest.param({"status": {"phase": "Failed"}}, "update", ["plank"], id="failed"),
        pytest.param({"status": {"phase": "Unknown"}}, "update", ["plank"], id="its node is lost"),
        pytest.param({"status": {"phase": "Running", "reason": "Evicted"}}, "update", ["plank"], id="evicted"),
        pytest.param(
            {"status": {"phase": "Running"}, "metadata": {"deletionTimestamp": "2026-03-02T12:00:00Z"}},
            "update",
            ["plank"],
            id="being deleted",
        ),
        pytest.param({"status": {"phase": "Running"}}, "delete", ["plank"], id="gone"),
        pytest.param({"metadata": {"labels": {}}, "status": {"phase": "Failed"}}, "update", [], id="not of prow"),
    ],
)
def test_who_looks_at_a_pod(pod: dict[str, Any], verb: str, expected: list[str]) -> None:
    assert told(change("Pod", pod, verb, cluster="far")) == expected


def test_what_a_look_says() -> None:
    ended = prowjob("success", status=DONE, cluster="far")
    shown = prowjob("success", status=DONE | TOLD, cluster="far")
    found = {
        look.role: (look.subject, look.attributes)
        for job in (ended, shown)
        for look in looks_after(change("ProwJob", job))
    }
    attributes = {"agent": "kubernetes", "cluster": "far", "state": "success"}
    assert found == {
        "crier": ("default/a", attributes | {"reporter": "github-reporter"}),
        "tide": ("acme/rocket:main", attributes),
    }
    (look,) = looks_after(change("Pod", {"status": {"phase": "Failed"}}, cluster="far"))
    assert (look.subject, look.attributes) == ("/a", {"cluster": "far"})


def test_a_prowjob_that_is_gone_concerns_nobody() -> None:
    assert told(change("ProwJob", prowjob(), "delete")) == []


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(Event(id="1", source="x", type="dev.cutwater.look"), id="no change"),
        pytest.param(Event(id="1", source="x", type="dev.knative.apiserver.resource.add", data=b"{"), id="no JSON"),
        pytest.param(change("Secret", {}), id="a kind that nobody looks at"),
        pytest.param(change("ProwJob", {"spec": {"type": 1}}), id="no ProwJob"),
    ],
)
def test_no_event_of_ours(event: Event) -> None:
    with pytest.raises(NotAnEvent):
        looks_after(event)


async def test_looks_are_published() -> None:
    published = Published()
    world = edges(publish=published.publish)
    assert await pass_on(change("ProwJob", prowjob()), world, apply) == "plank, github-reporter"
    assert [(event["role"], event["reporter"], event["partitionkey"]) for event in published] == [
        ("plank", "", "default/a"),
        ("crier", "github-reporter", "default/a"),
    ]


async def test_a_broker_that_is_away_is_asked_again_later() -> None:
    async def refuse(event: Event) -> None:
        raise Later("the Broker is away")

    with pytest.raises(Later):
        await pass_on(change("ProwJob", prowjob()), edges(publish=refuse), apply)
