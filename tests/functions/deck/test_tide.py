"""What deck shows of tide: pools, history, and why a pull request waits; to whom, and in which JSON."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from cutwater.config.tide import Tide
from cutwater.events.explanations import Decision, Estimate, Explained, Explanation, Lack, RequiredTest
from cutwater.events.pools import EXPLANATIONS, HISTORY, POOLS, Blocker, Entry, Pool, ShownPullRequest, Target, key_of
from functions.deck.audience import HIDDEN, TENANTS
from functions.deck.tide_kept import Pools
from functions.tide.pull_requests import PullRequest
from functions.tide.statuses import target_url
from tests.functions.deck.site import CONFIG, NOW, Site, decoded

HOSTILE = "<script>alert(1)</script>"
BRANCH = "release/<1>"
TIDE = """
tide:
  queries:
    - {orgs: [acme], labels: [lgtm], missingLabels: [do-not-merge/hold]}
    - {repos: [orbit/probe, orbit/moon], author: batman, reviewApprovedRequired: true}
"""


def shown(*numbers: int) -> tuple[ShownPullRequest, ...]:
    return tuple(
        ShownPullRequest(f"change {number} {HOSTILE}", number, f"head{number}", "MERGEABLE") for number in numbers
    )


async def lay(site: Site, kind: str, repository: str, branch: str, value: object) -> None:
    org, _, repo = repository.partition("/")
    await site.edges.state.put(key_of(kind, org, repo, branch), msgspec.json.encode(value))


async def lay_pool(site: Site, repository: str, branch: str = "main", **more: Any) -> None:
    org, _, repo = repository.partition("/")
    await lay(site, POOLS, repository, branch, {"pool": Pool(org=org, repo=repo, branch=branch, **more), "seen": None})


def entry(minutes: int, action: str, *numbers: int, err: str = "", tenants: Sequence[str] = ()) -> Entry:
    targets = tuple(
        Target(number=number, author="bob", sha="c" * 40, title=f"change {number} {HOSTILE}", head_ref="topic")
        for number in numbers
    )
    return Entry(
        time=NOW - timedelta(minutes=minutes),
        action=action,
        base_sha="b" * 40,
        target=targets,
        err=err,
        tenant_ids=tuple(tenants),
    )


async def test_the_pools_for_programs_are_as_upstream_says_them() -> None:
    site = Site(CONFIG + TIDE)
    await lay_pool(
        site,
        "acme/rocket",
        "main",
        success_prs=shown(1),
        action="TRIGGER_BATCH",
        target=shown(2, 3),
        tenant_ids=("GlobalDefaultID",),
    )
    await lay_pool(site, "acme/pad", BRANCH, action="BLOCKED", blockers=(Blocker(9, "Stop", "https://github/9"),))
    said = decoded(await site.get("/tide.js"))
    assert said["Queries"] == [
        'is:pr state:open archived:false author:"batman" review:approved repo:"orbit/probe" repo:"orbit/moon"',
        'is:pr state:open archived:false label:"lgtm" -label:"do-not-merge/hold" org:"acme"',
    ]
    assert said["TideQueries"] == [
        {"author": "batman", "reviewApprovedRequired": True, "repos": ["orbit/probe", "orbit/moon"]},
        {"labels": ["lgtm"], "missingLabels": ["do-not-merge/hold"], "orgs": ["acme"]},
    ]
    first, second = said["Pools"]
    assert first == {
        "Org": "acme",
        "Repo": "pad",
        "Branch": BRANCH,
        "SuccessPRs": None,
        "PendingPRs": None,
        "MissingPRs": None,
        "BatchPending": None,
        "Action": "BLOCKED",
        "Target": None,
        "Blockers": [{"Number": 9, "Title": "Stop", "URL": "https://github/9"}],
        "Error": "",
        "TenantIDs": [],
    }
    one = {"Title": f"change 1 {HOSTILE}", "Number": 1, "HeadRefOID": "head1", "Mergeable": "MERGEABLE"}
    assert (second["SuccessPRs"], second["TenantIDs"]) == ([one], ["GlobalDefaultID"])
    assert [pull["Number"] for pull in second["Target"]] == [2, 3]


async def test_nothing_for_programs() -> None:
    site = Site()
    assert decoded(await site.get("/tide.js")) == {"Queries": [], "TideQueries": [], "Pools": None}
    assert (await site.get("/tide-history.js?var=tideHistory")).text == 'var tideHistory = {"History":{}};'


async def test_the_history_for_programs_is_as_upstream_says_it() -> None:
    site = Site()
    await lay(
        site, HISTORY, "acme/rocket", "main", [entry(1, "MERGE", 4), entry(9, "TRIGGER", 4, err="no", tenants=["t"])]
    )
    said = decoded(await site.get("/tide-history.js"))
    assert said == {
        "History": {
            "acme/rocket:main": [
                {
                    "time": "2026-03-02T11:59:00Z",
                    "action": "MERGE",
                    "baseSHA": "b" * 40,
                    "target": [
                        {
                            "number": 4,
                            "author": "bob",
                            "sha": "c" * 40,
                            "title": f"change 4 {HOSTILE}",
                            "head_ref": "topic",
                        }
                    ],
                    "tenantids": [],
                }
            ]
        }
    }, "an entry of a tenant's is not for everybody"


HIDES = "\ndeck: {hidden_repos: [acme/secret, orbit]}\n"
OF_TENANTS = "\nprowjob_default_entries: [{repo: acme/launcher, config: {tenant_id: launchers}}]\n"


@pytest.mark.parametrize(
    ("tenants", "hidden", "pools"),
    [
        pytest.param("", "", ["acme/rocket"], id="everybody"),
        pytest.param("", "also", ["acme/rocket", "acme/secret", "orbit/probe"], id="hidden ones, too"),
        pytest.param("", "only", ["acme/secret", "orbit/probe"], id="hidden ones only"),
        pytest.param("launchers", "", ["acme/launcher"], id="a tenant, by its repository"),
        pytest.param("navy", "", ["acme/ship"], id="a tenant, by its runs"),
        pytest.param(
            "navy,GlobalDefaultID", "", ["acme/secret", "acme/ship", "orbit/probe"], id="several, hidden or not"
        ),
    ],
)
async def test_who_sees_which_pools(
    monkeypatch: pytest.MonkeyPatch, tenants: str, hidden: str, pools: Sequence[str]
) -> None:
    monkeypatch.setenv(TENANTS, tenants)
    monkeypatch.setenv(HIDDEN, hidden)
    site = Site(CONFIG + HIDES + OF_TENANTS)
    everything = {
        "acme/rocket": ("",),
        "acme/secret": (),
        "orbit/probe": ("GlobalDefaultID",),
        "acme/launcher": (),
        "acme/ship": ("navy",),
    }
    for repository, of_runs in everything.items():
        await lay_pool(site, repository, success_prs=shown(1), tenant_ids=of_runs)
        await lay(site, HISTORY, repository, "main", [entry(1, "MERGE", 1, tenants=of_runs)])
        await lay(site, EXPLANATIONS, repository, "main", Explained(pulls={1: waiting(1)}, tenants=of_runs))
    found = decoded(await site.get("/tide.js"))["Pools"]
    assert [f"{pool['Org']}/{pool['Repo']}" for pool in found] == sorted(pools)
    assert sorted(decoded(await site.get("/tide-history.js"))["History"]) == sorted(f"{pool}:main" for pool in pools)
    for repository in everything:
        page = await site.get(f"/tide/why?pr={repository}%231")
        assert ("because I say so" in page.text) == (repository in pools)
        assert ((await site.get("/tide")).text.count(f"{repository}</a>") > 0) == (repository in pools)


@pytest.mark.parametrize(
    ("hidden", "repos"),
    [
        pytest.param("", [["acme/rocket"], None], id="hidden repositories are taken out, and queries of nothing else"),
        pytest.param("also", [["acme/rocket", "acme/secret"], ["orbit/probe"], None], id="all of them"),
    ],
)
async def test_queries_without_hidden_repositories(
    monkeypatch: pytest.MonkeyPatch, hidden: str, repos: Sequence[Sequence[str] | None]
) -> None:
    monkeypatch.setenv(HIDDEN, hidden)
    queries = """
tide:
  queries:
    - {repos: [acme/rocket, acme/secret], author: a}
    - {repos: [orbit/probe], author: b}
    - {orgs: [acme], author: c}
"""
    site = Site(CONFIG + queries + HIDES)
    assert [query.get("repos") for query in decoded(await site.get("/tide.js"))["TideQueries"]] == repos


async def test_the_pools_page() -> None:
    site = Site(CONFIG + TIDE)
    await lay_pool(site, "acme/rocket", success_prs=shown(1), batch_pending=shown(4, 5), action="WAIT", error=HOSTILE)
    await lay_pool(site, "acme/pad", BRANCH, action="BLOCKED", blockers=(Blocker(9, HOSTILE, "javascript:alert(1)"),))
    page = await site.get("/tide")
    assert page.status == 200
    assert '<a href="/tide/why?pr=acme%2Frocket%234"' in page.text
    assert 'with <span class="label">lgtm</span>' in page.text
    assert "<script>" not in page.text
    assert "javascript:" not in page.text
    assert "BLOCKED" in page.text
    assert (await site.get("/tide?repo=acme/pad")).text.count("<tr>") == 2


async def test_the_history_page() -> None:
    site = Site()
    many = [entry(minute, "TRIGGER", 7) for minute in range(10, 210)]
    await lay(site, HISTORY, "acme/rocket", "main", [entry(1, "MERGE_BATCH", 4, 5, err=f"405 {HOSTILE}"), *many])
    await lay(site, HISTORY, "acme/pad", BRANCH, [entry(2, "MERGE", 4)])
    first = await site.get("/tide-history")
    assert first.text.index("MERGE BATCH") < first.text.index("MERGE</td>") < first.text.index("TRIGGER</td>")
    assert "1–100 of 202" in first.text
    assert 'rel="next"' in first.text
    assert "<script>" not in first.text
    assert "201–202 of 202" in (await site.get("/tide-history?page=3")).text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        pytest.param("", {"4", "5", "6"}, id="all"),
        pytest.param("repo=acme/pad", {"6"}, id="a repository's"),
        pytest.param("branch=main", {"4", "5"}, id="a branch's"),
        pytest.param("action=TRIGGER", {"6"}, id="an action"),
        pytest.param("state=failure", {"4", "5"}, id="what went wrong"),
        pytest.param("pull=%235", {"4", "5"}, id="with this pull request in it"),
        pytest.param("author=bob&pull=6", {"6"}, id="by its author"),
        pytest.param("author=eve", set(), id="by somebody else"),
    ],
)
async def test_filters_of_the_history(query: str, numbers: set[str]) -> None:
    site = Site()
    await lay(site, HISTORY, "acme/rocket", "main", [entry(1, "MERGE_BATCH", 4, 5, err="no")])
    await lay(site, HISTORY, "acme/pad", BRANCH, [entry(2, "TRIGGER", 6)])
    page = await site.get(f"/tide-history?{query}")
    assert {number for number in "456" if f">#{number}</a>" in page.text} == numbers


def waiting(number: int, **more: Any) -> Explanation:
    said: dict[str, Any] = {"verdict": "not ready", "says": "because I say so", "title": HOSTILE, "author": "bob"}
    return Explanation(number=number, head="c" * 40, since=NOW, **(said | more))


async def test_why() -> None:
    site = Site(CONFIG + TIDE)
    whole = waiting(
        7,
        verdict="testing",
        status="pending",
        description="Not mergeable. Retesting: unit",
        lacks=(Lack(f"unit has failed {HOSTILE}", "author", "javascript:alert(1)"),),
        ways=((Lack("needs the label lgtm", "reviewer"),),),
        tests=(RequiredTest("unit", "pending", job="unit", run="abc", beside=(8,)),),
        place=2,
        places=3,
        expected=Estimate("tests take about 20 min here", NOW + timedelta(minutes=25)),
        decided="waited: a batch is being tested",
        decisions=(Decision(NOW, f"flight failed {HOSTILE}", job="flight", run="def"),),
    )
    await lay(site, EXPLANATIONS, "acme/rocket", "main", Explained(base="b" * 40, pulls={7: whole}))
    for asked in ("acme/rocket%237", "https://github.com/acme/rocket/pull/7", "acme/rocket/pull/7"):
        page = await site.get(f"/tide/why?pr={asked}")
        assert page.status == 200
        assert "because I say so" in page.text
    assert "2 of 3" in page.text
    assert "in 25 min" in page.text
    assert 'href="/view/prowjob/unit/abc"' in page.text
    assert 'href="/view/prowjob/flight/def"' in page.text
    assert 'href="/tide/why?pr=acme%2Frocket%238"' in page.text
    assert "— a reviewer or approver" in page.text
    assert "<script>" not in page.text
    assert "javascript:" not in page.text


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        pytest.param("", 200, "", id="nothing asked yet"),
        pytest.param("rocket", 400, "named org/repo#number", id="no pull request"),
        pytest.param("acme/rocket%231", 200, "not explained it yet", id="one that is not known"),
        pytest.param(
            "other/repo%231", 200, "No query of tide’s is about other/repo", id="a repository without queries"
        ),
        pytest.param("acme/gone%231", 200, "is archived", id="a pool that cannot be looked at"),
    ],
)
async def test_why_nothing_is_known(asked: str, status: int, says: str) -> None:
    site = Site(CONFIG + TIDE)
    trouble = Lack("the repository acme/gone is archived", "cutwater")
    await lay(site, EXPLANATIONS, "acme/gone", "main", Explained(trouble=trouble))
    page = await site.get(f"/tide/why?pr={asked}")
    assert page.status == status
    assert says in page.text


async def test_what_has_not_changed_is_not_read_again() -> None:
    site, seconds = Site(), 0.0
    read: list[str] = []
    get = site.edges.state.get

    async def counted(key: str, **how: Any) -> Any:
        read.append(key)
        return await get(key, **how)

    site.edges.state.get = counted  # type: ignore[method-assign]
    pools = Pools(site.edges, clock=lambda: seconds)
    for name in ("acme/rocket", "acme/pad"):
        await lay_pool(site, name)
    site.now += timedelta(seconds=10)
    assert len(await pools.all()) == len(await pools.all()) == 2
    assert len(read) == 2, "who looks just then shares it"
    seconds += 10
    await lay_pool(site, "acme/pad", action="MERGE")
    assert [pool.action for pool in await pools.all()] == ["MERGE", "WAIT"]
    assert len(read) == 3
    seconds += 10
    await lay_pool(site, "acme/pad", action="BLOCKED"[:5])
    assert [pool.action for pool in await pools.all()] == ["BLOCK", "WAIT"], "of the same second and size"
    assert len(read) == 4


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        pytest.param("is:pr repo:acme/rocket author:bob", [7, 8], id="somebody's"),
        pytest.param("repo:acme/rocket", [7, 8, 9], id="a repository's"),
        pytest.param('repo:"acme/rocket" repo:acme/pad', [1, 2, 7, 8, 9], id="of two"),
        pytest.param("repo:acme/rocket author:eve", [], id="nobody's"),
        pytest.param("repo:acme/secret", [], id="hidden ones"),
        pytest.param("author:bob", None, id="no repository"),
        pytest.param("", None, id="nothing"),
    ],
)
async def test_pull_requests_by_a_search(query: str, numbers: Sequence[int] | None) -> None:
    site = Site(CONFIG + TIDE + HIDES)
    pulls = {7: waiting(7), 8: waiting(8), 9: waiting(9, author="dependabot", head_ref="bump")}
    await lay(site, EXPLANATIONS, "acme/rocket", "main", Explained(pulls=pulls))
    await lay(site, EXPLANATIONS, "acme/pad", "main", Explained(pulls={1: waiting(1), 2: waiting(2)}))
    await lay(site, EXPLANATIONS, "acme/secret", "main", Explained(pulls={3: waiting(3), 4: waiting(4)}))
    page = await site.get(f"/pr?{urlencode({'query': query})}")
    assert page.status == 200
    assert ("Name a repository" in page.text) == (numbers is None)
    assert [number for number in range(1, 10) if f"#{number}</a>" in page.text] == list(numbers or ())
    assert "<script>" not in page.text


async def test_the_address_that_a_status_leads_to() -> None:
    site = Site(CONFIG + TIDE)
    pulls = {7: waiting(7), 9: waiting(9, author="dependabot", head_ref="bump/x")}
    await lay(site, EXPLANATIONS, "acme/rocket", "main", Explained(pulls=pulls))
    bot = PullRequest(
        org="acme",
        repo="rocket",
        number=9,
        head="c",
        base_ref="main",
        author="dependabot",
        is_by_bot=True,
        head_ref="bump/x",
    )
    page = await site.get(target_url(bot, Tide(pr_status_base_urls={"*": "/pr"})))
    assert (page.status, page.headers["location"]) == (302, "/tide/why?pr=acme%2Frocket%239")
