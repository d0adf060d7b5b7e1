"""What the tide status says. The tables are those of upstream's behaviour."""

from collections.abc import Sequence
from typing import Any

import pytest

from cutwater.config.tide import MERGE_METHODS, Tide, TideQuery
from cutwater.events.pools import Blocker
from functions.tide import statuses
from functions.tide.blockers import Issue, blockers_of
from functions.tide.mergeability import obstacle
from functions.tide.pull_requests import PullRequest
from functions.tide.requirements import difference, meets, narrowest_labels
from functions.tide.statuses import Expected, Standing, expected
from tests.functions.tide.making import policy, pull

LONG = "need-a-very-super-duper-extra-not-short-at-all-label-name"
FIRST = TideQuery(
    orgs=("acme",),
    labels=("need-1", "need-2", f"{LONG},need-3"),
    missing_labels=("forbidden-1", "forbidden-2"),
    milestone="v1.0",
    author="batman",
)
SECOND = TideQuery(orgs=("acme",), labels=("1", "2", "3", "4", "5", "6", "7"), milestone="v1.0")
GOOD: dict[str, Any] = {"author": "batman", "milestone": "v1.0", "mergeable": "MERGEABLE"}
ALL = ("need-1", "need-2", "need-3")


def told(
    one: PullRequest,
    *,
    in_pool: bool = False,
    queries: Sequence[TideQuery] = (FIRST, SECOND),
    blockers: Sequence[int] = (),
    retesting: Sequence[str] = (),
    **settings: Any,
) -> tuple[str, str]:
    tide = Tide(queries=tuple(queries), squash_label="tide/squash", merge_label="tide/merge", **settings)
    standing = Standing(
        pull=one,
        is_in_pool=in_pool,
        policy=policy(),
        obstacle=obstacle(one, tide, MERGE_METHODS),
        blockers=[Blocker(number, "", "") for number in blockers],
        retesting=retesting,
    )
    found = expected(standing, tide)
    return found.state, found.description


@pytest.mark.parametrize(
    ("change", "asked", "state", "text"),
    [
        pytest.param({}, {"in_pool": True}, "success", "In merge pool.", id="in the pool"),
        pytest.param({}, {}, "pending", "Not mergeable. Needs need-1, need-2 labels.", id="no labels"),
        pytest.param(
            {"labels": ALL[:2]}, {}, "pending", f"Not mergeable. Needs {LONG} or need-3 label.", id="alternatives"
        ),
        pytest.param(
            {"labels": ("tide/merge", "tide/squash")},
            {},
            "error",
            "Not mergeable. PR has conflicting merge method override labels",
            id="two methods",
        ),
        pytest.param(
            {"labels": (*ALL, "forbidden-1", "forbidden-2")},
            {},
            "pending",
            "Not mergeable. Should not have forbidden-1, forbidden-2 labels.",
            id="forbidden labels",
        ),
        pytest.param(
            {"labels": (*ALL[1:], "forbidden-1")}, {}, "pending", "Not mergeable. Needs need-1 label.", id="the first"
        ),
        pytest.param(
            {"labels": (*ALL[1:], "forbidden-1")},
            {"display_all_tide_queries_in_status": True},
            "pending",
            "Not mergeable. Needs need-1 label OR Needs 1, 2, 3, 4, 5, 6, 7 labels.",
            id="all queries",
        ),
        pytest.param(
            {"base_ref": "bad"},
            {"queries": [TideQuery(orgs=("acme",), excluded_branches=("bad",))]},
            "pending",
            "Not mergeable. Merging to branch bad is forbidden.",
            id="an excluded branch",
        ),
        pytest.param(
            {"base_ref": "bad"},
            {
                "queries": [TideQuery(orgs=("acme",), included_branches=("good",))],
                "display_all_tide_queries_in_status": True,
            },
            "pending",
            "Not mergeable. No Tide query for branch bad found.",
            id="no query for the branch",
        ),
        pytest.param(
            {"contexts": {"job": "ERROR"}, "labels": ALL},
            {},
            "pending",
            "Not mergeable. Job job has not succeeded.",
            id="a job has failed",
        ),
        pytest.param(
            {"contexts": {"job": "ERROR", "other": "PENDING"}, "labels": ALL},
            {},
            "pending",
            "Not mergeable. Jobs job, other have not succeeded.",
            id="two have",
        ),
        pytest.param({"contexts": {"tide": "ERROR"}, "labels": ALL}, {}, "success", "In merge pool.", id="our own"),
        pytest.param(
            {"author": "robin", "labels": ALL}, {"queries": [FIRST]}, "pending",
            "Not mergeable. Must be by author batman.", id="the author",
        ),
        pytest.param(
            {"milestone": "v1.1", "labels": ALL}, {}, "pending", "Not mergeable. Must be in milestone v1.0.",
            id="the milestone",
        ),
        pytest.param({"labels": ALL}, {}, "success", "In merge pool.", id="all is met, though it is not in the pool"),
        pytest.param(
            {"labels": ("3", "4", "5", "6", "7")}, {}, "pending", "Not mergeable. Needs 1, 2 labels.", id="the nearest"
        ),
        pytest.param(
            {}, {"blockers": [1, 2]}, "error", "Not mergeable. Merging is blocked by issues 1, 2.", id="blocked"
        ),
        pytest.param(
            {}, {"in_pool": True, "retesting": ["baz", "bar"]}, "pending", "Not mergeable. Retesting: bar baz",
            id="retested",
        ),
        pytest.param(
            {}, {"in_pool": True, "retesting": ["a" * 136, "b" * 136]}, "pending", "Not mergeable. Retesting 2 jobs.",
            id="too many names",
        ),
        pytest.param(
            {"mergeable": "CONFLICTING"}, {"in_pool": True}, "error", "Not mergeable. PR has a merge conflict.",
            id="a conflict",
        ),
        pytest.param(
            {}, {"queries": [TideQuery(orgs=("acme",), review_approved_required=True)]}, "pending",
            "Not mergeable. PullRequest is missing sufficient approving GitHub review(s)", id="no review",
        ),
        pytest.param(
            {"merge_state": "BLOCKED"}, {"in_pool": True}, "success", "In merge pool (despite BLOCKED).", id="BLOCKED"
        ),
        pytest.param(
            {"merge_state": "BLOCKED"}, {"in_pool": True, "github_merge_blocks_policy": {"*": "ignore"}}, "success",
            "In merge pool.", id="BLOCKED, ignored",
        ),
        pytest.param(
            {"merge_state": "BLOCKED"}, {"in_pool": True, "github_merge_blocks_policy": {"acme": "block"}}, "error",
            "Not mergeable. PR is blocked from merging by GitHub (check branch protection, required reviews, or "
            "rulesets)", id="BLOCKED, respected",
        ),
        pytest.param(
            {"merge_state": "BLOCKED"},
            {"in_pool": True, "github_merge_blocks_policy": {"acme": "block", "acme/rocket": "ignore"}},
            "success", "In merge pool.", id="the repository's policy wins",
        ),
    ],
)  # fmt: skip
def test_expected(change: dict[str, Any], asked: dict[str, Any], state: str, text: str) -> None:
    assert told(pull(**(GOOD | change)), **asked) == (state, text)


@pytest.mark.parametrize(
    ("change", "query", "weight"),
    [
        pytest.param({"merge_state": "BLOCKED"}, {}, 100, id="blocked"),
        pytest.param({"merge_state": "BLOCKED"}, {"review_approved_required": True}, 150, id="and no review"),
        pytest.param({}, {"review_approved_required": True}, 50, id="no review"),
        pytest.param({}, {"excluded_branches": ("main",)}, 2000, id="the branch"),
        pytest.param({}, {"author": "ann"}, 1000, id="the author"),
        pytest.param({}, {"milestone": "v1"}, 100, id="the milestone"),
        pytest.param(
            {"contexts": {"a": "ERROR"}}, {"excluded_branches": ("main",), "author": "ann", "labels": ("x",)}, 3002,
            id="several",
        ),
    ],
)  # fmt: skip
def test_how_far_it_is(change: dict[str, Any], query: dict[str, Any], weight: int) -> None:
    asked = TideQuery(orgs=("acme",), **query)
    assert difference(pull(**change), asked, policy(), is_block_respected=True).weight == weight


@pytest.mark.parametrize(
    ("change", "query", "is_met"),
    [
        pytest.param({"labels": ("LGTM",)}, {"labels": ("lgtm",)}, True, id="labels have no case at GitHub"),
        pytest.param({"labels": ("b",)}, {"labels": ("a,b",)}, True, id="one of several"),
        pytest.param({"labels": ("b",)}, {"labels": ("a", "b")}, False, id="all are needed"),
        pytest.param({"labels": ("hold",)}, {"missing_labels": ("hold",)}, False, id="a forbidden one"),
        pytest.param({"author": "dependabot", "is_by_bot": True}, {"author": "app/dependabot"}, True, id="a bot"),
        pytest.param({"author": "Bob"}, {"author": "@bob"}, True, id="an author"),
        pytest.param({"milestone": None}, {"milestone": "v1"}, False, id="no milestone"),
        pytest.param({"base_ref": "x"}, {"included_branches": ("main",)}, False, id="another branch"),
        pytest.param({"review_decision": "APPROVED"}, {"review_approved_required": True}, True, id="approved"),
        pytest.param({}, {"excluded_repos": ("acme/rocket",)}, False, id="another repository"),
    ],
)
def test_who_meets_a_query(change: dict[str, Any], query: dict[str, Any], is_met: bool) -> None:
    assert meets(pull(**change), TideQuery(orgs=("acme",), **query)) is is_met


@pytest.mark.parametrize(
    ("labels", "expected_labels"),
    [
        pytest.param([("lgtm", "approved")], ["lgtm"], id="one is enough"),
        pytest.param([("a,b", "lgtm")], ["lgtm"], id="the one without alternatives"),
        pytest.param([("lgtm",), ("skip",)], ["lgtm", "skip"], id="one for each query"),
        pytest.param([("lgtm",), ()], None, id="a query without labels finds anything"),
        pytest.param([], [], id="no query"),
    ],
)
def test_the_labels_to_look_for(labels: list[tuple[str, ...]], expected_labels: list[str] | None) -> None:
    assert narrowest_labels(TideQuery(orgs=("acme",), labels=wanted) for wanted in labels) == expected_labels


@pytest.mark.parametrize(
    ("title", "branch", "blocks", "shown"),
    [
        pytest.param("BAD THINGS (all branches blocked)", "main", True, "BAD THINGS (all branches blocked)", id="all"),
        pytest.param("branch:foo", "foo", True, "", id="one"),
        pytest.param("branch:foo", "main", False, "", id="another one"),
        pytest.param('branch:"FOO-bar"', "FOO-bar", True, '"', id="quoted"),
        pytest.param("branch: foo-bar", "foo-bar", True, "", id="after a blank"),
        pytest.param("BAD (BLOCKING BRANCH:foo branch:bar) AHHH", "bar", True, "BAD (BLOCKING  ) AHHH", id="two"),
    ],
)
def test_blockers(title: str, branch: str, blocks: bool, shown: str) -> None:
    found = blockers_of(branch, [Issue(1, title, "u")])
    assert [one.title for one in found] == ([shown] if blocks else [])


@pytest.mark.parametrize(
    ("change", "settings", "address"),
    [
        pytest.param(
            {"author": "dependabot", "is_by_bot": True, "head_ref": "x"},
            {"pr_status_base_urls": {"*": "https://p"}},
            "https://p?query=is%3Apr+repo%3Aacme%2Frocket+author%3Aapp%2Fdependabot+head%3Ax",
            id="a bot's",
        ),
        pytest.param(
            {}, {"target_urls": {"acme": "https://o", "acme/rocket": "https://r"}}, "https://r", id="the repository's"
        ),
        pytest.param(
            {}, {"target_urls": {"*": "https://a"}, "pr_status_base_urls": {"*": "https://p"}}, "https://a", id="both"
        ),
        pytest.param({}, {}, "", id="none"),
    ],
)
def test_where_it_leads(change: dict[str, Any], settings: dict[str, Any], address: str) -> None:
    assert statuses.target_url(pull(**change), Tide(**settings)) == address


def test_a_long_description_is_cut() -> None:
    wanted = Expected("pending", "ä" * 100)
    said = statuses.set_status(pull(), wanted, Tide(), why="").description
    assert len(said.encode()) <= 142  # the letter that was cut is three bytes
    assert said.endswith("...")
    assert statuses.says(pull(contexts={"tide": "PENDING"}), Expected("pending", ""))
    assert not statuses.says(pull(), Expected("pending", ""))
