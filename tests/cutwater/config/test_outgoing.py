"""The receivers of one's own in config.yaml."""

import pytest

from cutwater.config.findings import ConfigError, Source
from cutwater.config.load import load
from cutwater.config.outgoing import EventSink, Webhook
from cutwater.config.own import own
from cutwater.config.sources import Sources


def loaded(text: str, *, strict: bool = True) -> object:
    sources = Sources(Source("config.yaml", f"prow_ignored:\n  {text}\n".encode()))
    return load(sources, strict=strict).prow.prow_ignored


def test_the_receivers() -> None:
    found = own(
        loaded(
            "cutwater: {webhooks: {audit: {url: 'https://a', secret: k, states: [success]}},"
            " cloudevents: {lake: {url: 'http://b', mode: structured, types: [batch], repos: [acme]}}}"
        )
    )
    assert found.webhooks == {"audit": Webhook(url="https://a", secret="k", states=("success",))}
    assert found.cloudevents == {
        "lake": EventSink(url="http://b", mode="structured", types=("batch",), repos=("acme",))
    }


@pytest.mark.parametrize("text", ["anchors: &a {b: 1}", "- anything", "'at all'"])
def test_what_others_keep_there_is_their_own(text: str) -> None:
    assert loaded(text) is None
    assert own(None).webhooks == {}


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        pytest.param("webhooks: {audit: {}}", "prow_ignored.cutwater", "missing required field `url`", id="no address"),
        pytest.param("webhook: {}", "prow_ignored.cutwater", "unknown field `webhook`", id="a field that is none"),
        pytest.param(
            "webhooks: {a: {url: 'http://a', states: [done]}}", "prow_ignored.cutwater", "'done'", id="a state"
        ),
        pytest.param(
            "webhooks: {a: {url: 'ftp://a'}}", "prow_ignored.cutwater.webhooks.a.url", "begins with http", id="ftp"
        ),
        pytest.param(
            "cloudevents: {A_b: {url: 'http://a'}}",
            "prow_ignored.cutwater.cloudevents",
            '"A_b" is not a name',
            id="name",
        ),
    ],
)
def test_what_is_wrong_has_its_place(text: str, where: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        loaded(f"cutwater: {{{text}}}")
    [finding] = error.value.findings
    assert (finding.file, finding.line) == ("config.yaml", 2)
    assert where in finding.where and problem in finding.message
