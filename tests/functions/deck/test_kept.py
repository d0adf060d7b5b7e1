"""The list of runs is brought up to date by what has changed."""

from collections.abc import Mapping

import pytest

from cutwater.kube.client import PROWJOB
from functions.deck import kept
from functions.deck.kept import Runs
from functions.deck.places import NotServed
from tests.functions.deck.site import NOW, Site, stamp


async def states(runs: Runs) -> Mapping[str, str]:
    return {run.spec.job: run.state for run in await runs.all()}


@pytest.mark.parametrize("most_singly", [200, 0], ids=["one by one", "all at once"])
async def test_what_changes_is_read_again(monkeypatch: pytest.MonkeyPatch, most_singly: int) -> None:
    monkeypatch.setattr(kept, "MOST_SINGLY", most_singly)
    site, now = Site(), 0.0
    runs = Runs(site.edges, clock=lambda: now)
    assert await states(runs) == {}
    now += 10
    first = await site.run("unit", state="pending")
    await site.run("stays", build="3")
    assert await states(runs) == {"unit": "pending", "stays": "success"}
    ended = {"status": {"state": "failure", "completionTime": stamp(NOW)}}
    await site.kube.merge(PROWJOB, "default", first["metadata"]["name"], ended)
    await site.run("flight", build="2", state="aborted")
    assert await states(runs) == {"unit": "pending", "stays": "success"}, "it is kept for a moment"
    now += 10
    assert await states(runs) == {"unit": "failure", "stays": "success", "flight": "aborted"}
    await site.kube.delete(PROWJOB, "default", first["metadata"]["name"])
    now += 10
    assert await states(runs) == {"stays": "success", "flight": "aborted"}


async def test_one_run_by_its_build_or_its_name() -> None:
    site = Site()
    runs = Runs(site.edges)
    made = await site.run("unit")
    assert (await runs.one("unit", "1")).name == (await runs.one("unit", made["metadata"]["name"])).name
    for job, which in (
        ("other", "1"),
        ("other", made["metadata"]["name"]),
        ("unit", "2"),
        ("unit", "../x"),
        ("unit", ""),
    ):
        with pytest.raises(NotServed):
            await runs.one(job, which)
