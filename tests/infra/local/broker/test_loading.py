"""What may stand in triggers/, and how a mistake is told."""

from pathlib import Path

import pytest

from infra.local.broker.loading import ResourceError, collect, load, parse
from tests.infra.local.broker.world import Json, broker, resources, service, source, trigger

TRIGGER = """\
# what wakes plank
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: plank
spec:
  broker: default
  subscriber:
    ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: plank}
  filters:
    - exact: {role: plank}
    - exakt: {role: plank}
"""


def test_a_mistake_names_file_line_object_and_field() -> None:
    with pytest.raises(ResourceError) as error:
        list(parse(f"kind: Other\n---\n{TRIGGER}", file="triggers/plank.yaml"))
    assert str(error.value) == "triggers/plank.yaml:14: Trigger plank: spec.filters[1].exakt: unknown field"


FILTERED = "spec.filters[0]"


@pytest.mark.parametrize(
    "wrong, message",
    [
        pytest.param(trigger(broker=""), "spec.broker: a Trigger names", id="no Broker"),
        pytest.param(trigger(filters=[{"exact": {"Type": "t"}}]), f"{FILTERED}.exact.Type: ", id="F27 upper case"),
        pytest.param(trigger(filters=[{"exact": {"1a": "t"}}]), f"{FILTERED}.exact.1a: ", id="F27 digit first"),
        pytest.param(trigger(filter={"attributes": {"1a": ""}}), "spec.filter.attributes.1a: ", id="F27 in filter"),
        pytest.param(
            trigger(filters=[{"exact": {"a": "b"}, "prefix": {"a": "b"}}]),
            f"{FILTERED}: one filter has one dialect, not exact and prefix",
            id="F28",
        ),
        pytest.param(trigger(filters=[{"cesql": "type = 't'"}]), f"{FILTERED}.cesql: CESQL is not", id="F11-F17"),
        pytest.param(
            trigger(filters=[{"any": [{"not": {"exact": {"A": "b"}}}]}]),
            f"{FILTERED}.any[0].not.exact.A: ",
            id="nested",
        ),
        pytest.param(
            trigger(filters=[{"exact": {"num": 5}}]), f"{FILTERED}.exact: expected `str`, got `int`", id="number"
        ),
        pytest.param(trigger(delivery={"retry": -1}), "spec.delivery.retry: -1 is below zero", id="retry"),
        pytest.param(trigger(delivery={"retries": 1}), "spec.delivery.retries: unknown field", id="misspelt"),
        pytest.param(
            trigger(delivery={"backoffDelay": "1s"}), 'spec.delivery.backoffDelay: "1s" is not', id="Go duration"
        ),
        pytest.param(trigger(delivery={"timeout": "PT0S"}), "spec.delivery.timeout: the time is above zero", id="zero"),
        pytest.param(trigger(delivery={"backoffPolicy": "random"}), "spec.delivery.backoffPolicy: ", id="policy"),
        pytest.param(trigger(subscriber={}), "spec.subscriber: ref or uri is required", id="no subscriber"),
        pytest.param(broker(delivery={"retry": "x"}), "spec.delivery.retry: expected `int`, got `str`", id="Broker"),
        pytest.param(source("PingSource", schedule="2"), "spec.schedule: ", id="S12 one field"),
        pytest.param(source("PingSource", schedule="@every 2h"), "spec.schedule: ", id="S12 @every"),
        pytest.param(
            source("PingSource", schedule="@every 2h", timezone="Europe/Oslo"), "spec.schedule: ", id="S12 zone"
        ),
        pytest.param(
            source("PingSource", timezone="Knative/Land"), 'spec.timezone: "Knative/Land" is no time zone', id="S13"
        ),
        pytest.param(source("PingSource", data="x", dataBase64="eA=="), "spec.data: data and dataBase64", id="S14"),
        pytest.param(
            source("PingSource", contentType="application/json", data="[1]"),
            "spec.data: with contentType",
            id="S15 list",
        ),
        pytest.param(
            source("PingSource", contentType="application/json", data="Invalid JSON"), "spec.data: with", id="S15 text"
        ),
        pytest.param(source("PingSource", dataBase64="?"), "spec.dataBase64: ", id="no base64"),
        pytest.param(source("PingSource", sink={"uri": "/x"}), "spec.sink.uri: without a ref", id="relative sink"),
        pytest.param(
            source("PingSource", sink={**service("f"), "uri": "http://x"}),
            "spec.sink.uri: beside a ref",
            id="two sinks",
        ),
        pytest.param(source("PingSource", sink={}), "spec.sink: ref or uri is required", id="no sink"),
        pytest.param(
            source("PingSource", sink={"ref": {"kind": "Channel", "name": "c"}}),
            "spec.sink.ref.kind: a Channel",
            id="kind",
        ),
        pytest.param(source("ApiServerSource", resources=[]), "spec.resources: at least one", id="no kind"),
        pytest.param(source("ApiServerSource", resources=[], mode="x"), "spec.mode: ", id="S10 mode"),
        pytest.param(source("ApiServerSource"), "spec: object missing required field `resources`", id="no resources"),
        pytest.param(
            source("ContainerSource"), "sources.knative.dev/v1 ContainerSource is not served", id="kind of source"
        ),
    ],
)
def test_refused(wrong: Json, message: str) -> None:
    with pytest.raises(ResourceError) as error:
        resources(wrong)
    place = f"{wrong['kind']} {wrong['metadata']['name']}"
    assert f": {place}: {message}" in str(error.value)


@pytest.mark.parametrize("schedule", ["*/2 * * * *", "0/5 * * * * *", "10 0/5 * * * ?", "@daily"])
def test_schedules(schedule: str) -> None:
    """S11."""
    assert resources(source("PingSource", schedule=schedule)).ping_sources


@pytest.mark.parametrize(
    "text, message",
    [
        pytest.param("a: [", "t.yaml:1: ", id="no YAML"),
        pytest.param("- a", "t.yaml:1: expected", id="no object"),
        pytest.param("apiVersion: 5", "t.yaml:1: apiVersion: expected `str`, got `int`", id="no kind"),
    ],
)
def test_what_is_no_resource(text: str, message: str) -> None:
    with pytest.raises(ResourceError, match=message):
        list(parse(text, file="t.yaml"))


def test_two_of_one_name() -> None:
    with pytest.raises(ResourceError, match="two of kind Trigger are called f"):
        resources(trigger(), trigger())


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "plank.yaml").write_text(TRIGGER.replace("exakt", "prefix"))
    (tmp_path / "kustomization.yaml").write_text("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n")
    (tmp_path / "binding.yaml").write_text(
        "apiVersion: sources.knative.dev/v1\nkind: SinkBinding\nmetadata: {name: b}\nspec: {}\n---\n"
    )
    (tmp_path / "README.md").write_text("no YAML: [")
    loaded = load(tmp_path, namespace="ci")
    assert [(t.metadata.namespace, t.metadata.name) for t in loaded.triggers] == [("ci", "plank")]
    assert loaded == collect(loaded.triggers)


def test_a_date_in_a_filter_is_a_string() -> None:
    text = TRIGGER.replace("exakt: {role: plank}", "exact: {time: 2026-11-25T08:00:00Z}")
    [loaded] = collect(parse(text, file="t.yaml")).triggers
    assert loaded.spec.filters[1].exact == {"time": "2026-11-25T08:00:00Z"}
