"""ProwJobs for programs, badges, and a job that runs again."""

import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import yaml

from cutwater.kube.client import PROWJOB
from functions.deck import badge
from functions.deck.runs import Run, as_run
from tests.functions.deck.site import CONFIG, RUN, Page, Site, decoded

ANYBODY = f"{CONFIG}\ndeck: {{default_rerun_auth_configs: [{{rerun_auth_configs: {{allow_anyone: true}}}}]}}"
SAME = {"origin": "http://deck", "sec_fetch_site": "same-origin"}


async def test_prowjobs_without_what_is_not_asked_for() -> None:
    site = Site()
    await site.run(pod_spec={"containers": [{"name": "a"}, {"name": "b"}]})
    page = await site.get("/prowjobs.js?omit=annotations,labels,decoration_config,pod_spec")
    [item] = decoded(page)["items"]
    assert item["spec"]["pod_spec"] == {"containers": [{}, {}]}
    assert "decoration_config" not in item["spec"]
    assert not {"annotations", "labels", "managedFields"} & item["metadata"].keys()


@pytest.mark.parametrize(
    "query, count", [("org=acme", 1), ("org=x", 0), ("repo=rocket", 1), ("owner=bob", 1), ("owner=bob&repo=x", 0)]
)
async def test_prowjobs_of_somebody(query: str, count: int) -> None:
    site = Site()
    await site.run()
    assert len(decoded(await site.get(f"/prowjobs.js?{query}"))["items"]) == count


async def test_scripts() -> None:
    site = Site()
    page = await site.get("/prowjobs.js?var=allBuilds")
    assert (page.text, page.headers["content-type"]) == ('var allBuilds = {"items":[]};', "application/javascript")
    assert (await site.get("/prowjobs.js?var=a;alert(1)//")).status == 400


async def test_the_older_list() -> None:
    site = Site()
    await site.run(state="failure")
    [item] = decoded(await site.get("/data.js"))
    assert {k: item[k] for k in ("job", "state", "duration", "build_id", "refs_key")} == {
        "job": "unit",
        "state": "failure",
        "duration": "1m0s",
        "build_id": "1",
        "refs_key": f"main:{'b' * 40},7:{'c' * 40}",
    }


async def test_yaml() -> None:
    site = Site()
    made = await site.run()
    page = await site.get(f"/prowjob?prowjob={made['metadata']['name']}")
    assert yaml.safe_load(page.text)["spec"]["job"] == "unit"
    assert page.headers["content-type"].startswith("text/plain")
    assert [(await site.get(f"/prowjob{query}")).status for query in ("", "?prowjob=none", "?prowjob=..%2Fx")] == [
        400,
        404,
        404,
    ]


# Badges


def ended(job: str, state: str = "success") -> Run:
    status = {"state": state, "completionTime": "2026-03-02T12:00:00Z"}
    return as_run({"metadata": {}, "spec": {"type": "periodic", "job": job}, "status": status})


@pytest.mark.parametrize(
    "runs, status, colour",
    [
        pytest.param([], "no results", "darkgrey", id="nothing"),
        pytest.param([ended("1")], "passing", "brightgreen", id="one passes"),
        pytest.param([ended("1"), ended("2", "failure")], "failing 2", "red", id="one fails"),
        pytest.param([ended("1"), ended("2", "error")], "passing", "brightgreen", id="an error is no failure"),
        pytest.param([ended(n, "failure") for n in "4321"], "failing 1, 2, 3...", "red", id="many fail"),
    ],
)
def test_badges(runs: list[Run], status: str, colour: str) -> None:
    found = badge.of(runs)
    assert (found.status, found.colour, found.right) == (status, colour, 13 + 6 * len(status))


async def test_a_badge() -> None:
    site = Site()
    await site.run("unit")
    assert (await site.get("/badge.svg")).status == 400
    page = await site.get("/badge.svg?jobs=un*,other")
    assert ("passing" in page.text, page.headers["content-type"]) == (True, "image/svg+xml")


# Again


async def form(site: Site) -> tuple[dict[str, str], str]:
    """The form of a run's page, and the cookie that came with it."""
    page = await site.get(f"/view/s3/artifacts/{RUN}")
    fields = dict(re.findall(r'type="hidden" name="(prowjob|nonce|token)" value="([^"]*)"', page.text))
    return fields, page.headers.get("set-cookie", "").partition(";")[0]


async def runs(site: Site) -> list[Any]:
    return await site.kube.find(PROWJOB, "default")


async def send(site: Site, fields: dict[str, str], cookie: str, **headers: str) -> Page:
    return await site.post("/rerun", urlencode(fields).encode(), cookie=cookie, **headers)


async def test_once_for_each_form() -> None:
    site = Site(ANYBODY)
    old = await site.run(state="failure")
    await site.file("build-log.txt", "x\n")
    fields, cookie = await form(site)
    for _ in range(2):
        page = await send(site, fields, cookie, **SAME)
        assert (page.status, page.headers["location"][:19]) == (302, "/view/prowjob/unit/")
    [new] = [job for job in await runs(site) if job["metadata"]["name"] != old["metadata"]["name"]]
    assert new["status"]["state"] == "triggered"
    assert new["spec"]["refs"] == old["spec"]["refs"]
    assert "prow.k8s.io/build-id" not in new["metadata"]["labels"]
    assert (await site.get(page.headers["location"])).status == 200


@pytest.mark.parametrize(
    "changed, headers",
    [
        pytest.param({}, {}, id="nobody says where it comes from"),
        pytest.param({}, {"origin": "http://evil"}, id="of another origin"),
        pytest.param({}, {"origin": "http://deck", "sec_fetch_site": "same-site"}, id="of a neighbour"),
        pytest.param({}, {"origin": "null"}, id="of nowhere"),
        pytest.param({"token": "00"}, SAME, id="another token"),
        pytest.param({"nonce": "1-x"}, SAME, id="another nonce"),
        pytest.param({"prowjob": "other"}, SAME, id="another run"),
    ],
)
async def test_forms_of_others(changed: dict[str, str], headers: dict[str, str]) -> None:
    site = Site(ANYBODY)
    await site.run()
    await site.file("build-log.txt", "x\n")
    fields, cookie = await form(site)
    assert (await send(site, fields | changed, cookie, **headers)).status == 403
    assert (await send(site, fields, "", **SAME)).status == 403
    assert (await send(site, fields, f"deck-form={'0' * 64}", **SAME)).status == 403
    assert len(await runs(site)) == 1


async def test_an_old_form() -> None:
    from datetime import timedelta

    site = Site(ANYBODY)
    await site.run()
    await site.file("build-log.txt", "x\n")
    fields, cookie = await form(site)
    site.now += timedelta(days=1, seconds=1)
    assert (await send(site, fields, cookie, **SAME)).status == 403


@pytest.mark.parametrize(
    "config, own, may",
    [
        pytest.param(CONFIG, None, False, id="nobody, unless somebody says so"),
        pytest.param(CONFIG, {"allow_anyone": True}, True, id="the job says so"),
        pytest.param(CONFIG, {"github_users": ["bob"]}, False, id="those who sign in"),
        pytest.param(ANYBODY, None, True, id="deck says so"),
        pytest.param(
            ANYBODY.replace("[{rerun", "[{rerun_auth_configs: {allow_anyone: true}}, {repo: acme, rerun").replace(
                "true}}]", "false}}]"
            ),
            None,
            False,
            id="the last entry counts",
        ),
    ],
)
async def test_who_may(config: str, own: dict[str, Any] | None, may: bool) -> None:
    site = Site(config)
    await site.run(rerun_auth_config=own)
    await site.file("build-log.txt", "x\n")
    fields, _ = await form(site)
    assert bool(fields) is may


async def test_what_would_run() -> None:
    site = Site()
    old = await site.run()
    name = old["metadata"]["name"]
    job = yaml.safe_load((await site.get(f"/rerun?prowjob={quote(name)}")).text)
    assert (job["kind"], job["spec"]["job"], job["metadata"]["name"] == name) == ("ProwJob", "unit", False)
    assert "status" in job and "completionTime" not in job["status"]
    assert [(await site.get(f"/rerun{query}")).status for query in ("", "?prowjob=none")] == [400, 404]
    assert len(await runs(site)) == 1
