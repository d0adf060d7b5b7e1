"""Where the Triggers send each event: to exactly the services that it is for."""

from collections.abc import Mapping

import pytest

from cutwater.events import names
from cutwater.prowjob.reporting import REPORTERS
from infra.local.broker.filters import accepts
from infra.local.broker.loading import load
from infra.local.broker.resources import PingSource
from tests.conftest import ROOT

RESOURCES = load(ROOT / "triggers")


def services(attributes: Mapping[str, str]) -> list[str]:
    """Whom an event reaches, by service."""
    event = {"id": "1", "source": "/test", "specversion": "1.0", **attributes}
    subscribers = [trigger.spec.subscriber.ref for trigger in RESOURCES.triggers if accepts(trigger.spec)(event)]
    return sorted(ref.name for ref in subscribers if ref)


@pytest.mark.parametrize(
    "plugin, service",
    [
        ("trigger", "plugins-jobs"),
        ("override", "plugins-jobs"),
        ("skip", "plugins-jobs"),
        ("config-updater", "plugins-config"),
        ("lgtm", "plugins"),
        ("a-plugin-of-tomorrow", "plugins"),
    ],
)
def test_a_webhook_reaches_the_service_of_its_plugin(plugin: str, service: str) -> None:
    assert services({"type": names.WEBHOOK, "plugin": plugin, "hookevent": "pull_request"}) == [service]


@pytest.mark.parametrize("role", ["plank", "tide", "sinker", "configuration"])
def test_a_look_reaches_its_role(role: str) -> None:
    assert services({"type": names.LOOK, "role": role, "subject": "default/job"}) == [role]


@pytest.mark.parametrize("reporter", REPORTERS)
def test_a_report_reaches_crier_once(reporter: str) -> None:
    assert services({"type": names.LOOK, "role": "crier", "reporter": reporter}) == ["crier"]


@pytest.mark.parametrize("source", RESOURCES.ping_sources, ids=lambda source: source.metadata.name)
def test_a_tick_reaches_its_role(source: PingSource) -> None:
    extensions, sink = source.spec.ce_overrides.extensions, source.spec.sink.ref
    assert sink
    reached = services({"type": names.PING, **extensions}) if sink.kind == "Broker" else [sink.name]
    assert reached == [extensions["role"]]


@pytest.mark.parametrize("kind", ["add", "update", "delete"])
def test_what_kubernetes_tells_stays_out_of_the_broker(kind: str) -> None:
    assert services({"type": names.OBJECT + kind, "kind": "Pod"}) == []
    sinks = {source.spec.sink.ref.name for source in RESOURCES.apiserver_sources if source.spec.sink.ref}
    assert sinks == {"relay", "configuration"}
