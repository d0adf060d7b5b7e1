"""Whose runs a deck shows. The rows are those of upstream's flags --tenant-id, --show-hidden and --hidden-only."""

import pytest

from functions.deck.audience import HIDDEN, TENANTS, audience
from functions.deck.runs import Run, as_run, is_shown
from tests.functions.deck.site import refs


def run(*, tenant: str | None = None, hidden: bool = False) -> Run:
    defaults = {} if tenant is None else {"prowjob_defaults": {"tenant_id": tenant}}
    spec = {"type": "presubmit", "job": "unit", "refs": refs(7), "hidden": hidden, **defaults}
    return as_run({"metadata": {"name": "x"}, "spec": spec, "status": {"state": "success"}})


@pytest.mark.parametrize(
    ("tenants", "hidden", "run", "shown"),
    [
        pytest.param("", "", run(), True, id="everybody, nobody's"),
        pytest.param("", "", run(tenant="GlobalDefaultID"), True, id="everybody, the default tenant's"),
        pytest.param("", "", run(tenant="navy"), False, id="everybody, a tenant's"),
        pytest.param("", "", run(hidden=True), False, id="everybody, hidden"),
        pytest.param("", "also", run(hidden=True), True, id="hidden ones too, hidden"),
        pytest.param("", "also", run(hidden=True, tenant="navy"), True, id="hidden ones too, a tenant's hidden one"),
        pytest.param("", "also", run(), True, id="hidden ones too, nobody's"),
        pytest.param("", "also", run(tenant="navy"), False, id="hidden ones too, a tenant's"),
        pytest.param("", "only", run(hidden=True), True, id="hidden ones only, hidden"),
        pytest.param("", "only", run(), False, id="hidden ones only, nobody's"),
        pytest.param("navy, army", "", run(tenant="navy"), True, id="a tenant, its own"),
        pytest.param("navy", "", run(tenant="navy", hidden=True), True, id="a tenant, its own hidden one"),
        pytest.param("navy", "", run(tenant="army"), False, id="a tenant, another's"),
        pytest.param("navy", "", run(), False, id="a tenant, nobody's"),
        pytest.param("navy", "also", run(hidden=True), False, id="a tenant, nobody's hidden one"),
    ],
)
def test_runs(monkeypatch: pytest.MonkeyPatch, tenants: str, hidden: str, run: Run, *, shown: bool) -> None:
    monkeypatch.setenv(TENANTS, tenants)
    monkeypatch.setenv(HIDDEN, hidden)
    assert is_shown(run, []) is shown


def test_nothing_said_is_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TENANTS, raising=False)
    monkeypatch.delenv(HIDDEN, raising=False)
    assert audience().tenants == frozenset()
