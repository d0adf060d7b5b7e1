"""Where the Triggers send each event: to exactly the services that it is for."""

from collections.abc import Mapping

import pytest
import yaml

from cutwater.events import names
from cutwater.prowjob.reporting import REPORTERS
from infra.local.broker.filters import accepts
from infra.local.broker.loading import load
from infra.local.broker.resources import PingSource, Resources
from tests.conftest import ROOT
from tests.contract.kubectl import kubectl
from tests.contract.manifests.documents import built

RESOURCES = load(ROOT / "triggers")


def services(attributes: Mapping[str, str], resources: Resources = RESOURCES) -> list[str]:
    """Whom an event reaches, by service, or by address where it has no service of its own."""
    event = {"id": "1", "source": "/test", "specversion": "1.0", **attributes}
    subscribers = [trigger.spec.subscriber for trigger in resources.triggers if accepts(trigger.spec)(event)]
    return sorted(one.ref.name if one.ref else one.uri for one in subscribers)


@pytest.mark.parametrize(
    "plugin, service",
    [
        ("trigger", "plugins-jobs"),
        ("override", "plugins-jobs"),
        ("skip", "plugins-jobs"),
        ("config-updater", "plugins-config"),
        ("slackevents", "plugins-elsewhere"),
        ("jira", "plugins-elsewhere"),
        ("bugzilla", "plugins-elsewhere"),
        ("cherrypicker", "cherrypicker"),
        ("needs-rebase", "needs-rebase"),
        ("refresh", "refresh"),
        ("lgtm", "plugins"),
        ("external:coffee", "external"),
        ("a-plugin-of-tomorrow", "plugins"),
    ],
)
def test_a_webhook_reaches_the_service_of_its_plugin(plugin: str, service: str) -> None:
    assert services({"type": names.WEBHOOK, "plugin": plugin, "hookevent": "pull_request"}) == [service]


@pytest.mark.parametrize(
    "plugin, subject, reached",
    [
        pytest.param("lgtm", "acme/rocket#7", ["http://canary-plugins.cutwater.svc.cluster.local"], id="the canary's"),
        pytest.param("lgtm", "acme/rockets#7", ["plugins"], id="another repository"),
        pytest.param("hold", "acme/rocket#7", ["plugins"], id="another plugin"),
        pytest.param("trigger", "acme/rocket#7", ["plugins-jobs"], id="one of another service"),
    ],
)
def test_one_plugin_s_canary_is_a_trigger(plugin: str, subject: str, reached: list[str], canary: Resources) -> None:
    event = {"type": names.WEBHOOK, "plugin": plugin, "subject": subject}
    assert services(event, canary) == reached


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    """The Triggers of the overlay, as Kustomize builds it."""
    program = kubectl()
    if program is None:
        pytest.skip("there is no kubectl here")
    folder = tmp_path_factory.mktemp("canary")
    documents = built(ROOT / "infra/knative/overlays/plugin-canary", ROOT, program)
    triggers = [document.content for document in documents if document.kind in {"Broker", "Trigger"}]
    (folder / "triggers.yaml").write_text(yaml.safe_dump_all(triggers))
    return load(folder)


@pytest.mark.parametrize("role", ["plank", "tide", "sinker", "configuration", "needs-rebase"])
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
