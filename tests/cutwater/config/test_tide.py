from typing import Any

import pytest

from cutwater.config.branchprotection import BranchProtection, OrganisationPolicy, Policy, protection_of
from cutwater.config.contexts import Contexts, contexts_of, manual_jobs_count
from cutwater.config.jobs import Presubmit
from cutwater.config.lookup import means, setting
from cutwater.config.tide import Tide, TideQuery, covered, search_of, searches_by_org
from tests.cutwater.config.configured import configured, findings, presubmit

METHODS = """
tide:
  merge_method:
    acme: squash
    acme/rocket: rebase
    acme/rocket@next: merge
    umbrella:
      lib: rebase
      app: {'^release-': squash, '^main$': rebase}
      '*': squash
"""


@pytest.mark.parametrize(
    "repository, branch, method",
    [
        pytest.param("acme/rocket", "next", "merge", id="of the branch"),
        pytest.param("acme/rocket", "main", "rebase", id="of the repository"),
        pytest.param("acme/engine", "main", "squash", id="of the organisation"),
        pytest.param("umbrella/app", "release-1", "squash", id="by a pattern"),
        pytest.param("umbrella/app", "main", "rebase", id="by another"),
        pytest.param("umbrella/app", "topic", "merge", id="by none"),
        pytest.param("umbrella/lib", "main", "rebase", id="of the repository, within its organisation"),
        pytest.param("umbrella/new", "main", "squash", id="of all others there"),
        pytest.param("other/repo", "main", "merge", id="of nobody"),
    ],
)
def test_how_pull_requests_are_merged(repository: str, branch: str, method: str) -> None:
    org, _, repo = repository.partition("/")
    assert configured(METHODS).prow.tide.merge_method_of(org, repo, branch) == method


def test_searches() -> None:
    query = TideQuery(
        orgs=("zeta", "acme"),
        repos=("beta/one",),
        excluded_repos=("acme/secret",),
        author="bob",
        labels=("lgtm", "a,b"),
        missing_labels=("hold",),
        excluded_branches=("wip",),
        milestone="v1",
        review_approved_required=True,
    )
    conditions = (
        'is:pr state:open archived:false author:"bob" -base:"wip" label:"lgtm" label:"a","b" -label:"hold" '
        'milestone:"v1" review:approved'
    )
    assert searches_by_org(query) == {
        "acme": f'{conditions} org:"acme" -repo:"acme/secret"',
        "beta": f'{conditions} repo:"beta/one"',
        "zeta": f'{conditions} org:"zeta"',
    }
    assert search_of(query) == f'{conditions} org:"acme" -repo:"acme/secret" repo:"beta/one" org:"zeta"'


@pytest.mark.parametrize(
    "repository, is_covered", [("acme/a", True), ("acme/secret", False), ("beta/one", True), ("b/c", False)]
)
def test_what_a_query_covers(repository: str, is_covered: bool) -> None:
    org, _, repo = repository.partition("/")
    query = TideQuery(orgs=("acme",), excluded_repos=("acme/secret",), repos=("beta/one",))
    assert query.covers(org, repo) is is_covered


def test_what_queries_cover_together() -> None:
    queries = [
        TideQuery(orgs=("acme",), excluded_repos=("acme/a", "acme/b", "acme/c")),
        TideQuery(orgs=("acme",), excluded_repos=("acme/b", "acme/c")),
        TideQuery(repos=("acme/c", "beta/one")),
    ]
    assert covered(queries) == ({"acme": frozenset({"acme/b"})}, frozenset({"acme/c", "beta/one"}))


def test_queries_that_ask_the_same_are_one() -> None:
    text = "tide: {queries: [{orgs: [b], labels: [x, lgtm]}, {repos: [c/d], labels: [lgtm, x]}, {orgs: [a]}]}"
    assert configured(text).prow.tide.queries == (
        TideQuery(labels=("lgtm", "x"), orgs=("b",), repos=("c/d",)),
        TideQuery(orgs=("a",)),
    )


@pytest.mark.parametrize(
    "key, expected",
    [("acme/rocket", 1), ("acme/other", 2), ("else/where", 3)],
    ids=["repository", "organisation", "all"],
)
def test_settings_by_repository(key: str, expected: int) -> None:
    org, _, repo = key.partition("/")
    assert setting({"acme/rocket": 1, "acme": 2, "*": 3}, org, repo, 0) == expected
    assert setting({}, org, repo, 0) == 0
    assert Tide().template_of(org, repo) is None


@pytest.mark.parametrize(
    "said, repository, meant",
    [
        ("", "org/repo", True),
        ("*", "", True),
        ("org", "org/repo", True),
        ("org2", "org/repo", False),
        ("org/repo", "https://org/repo", True),
        ("some.org", "some-review.org/repo", True),
        ("some.org/repo", "https://some-review.org/repo", True),
        ("org", "", False),
    ],
)
def test_whether_an_entry_means_a_repository(said: str, repository: str, meant: bool) -> None:
    assert means(said, repository) is meant


@pytest.mark.parametrize(
    "query, wrong",
    [
        ("orgs: [a/b]", 'orgs[0]: "a/b" is not the name of an organisation'),
        ("orgs: [a, a]", 'orgs: "a" is given more than once'),
        ("repos: [a]", 'repos[0]: "a" is not of the form "org/repo"'),
        ("orgs: [a], repos: [a/b]", 'repos[0]: "a/b" is already included via org: "a"'),
        ("labels: [a]", "'orgs' and 'repos' cannot both be empty"),
        ("repos: [a/b], excludedRepos: [c/d]", 'excludedRepos[0]: "c/d" has no effect because org "c" is not included'),
        ("orgs: [a], labels: [x], missingLabels: [x]", 'missingLabels: the label "x" is both required and forbidden'),
        ("orgs: [a], includedBranches: [x], excludedBranches: [z]", "excludedBranches: have no effect"),
    ],
)
def test_what_a_query_may_not_say(query: str, wrong: str) -> None:
    (found,) = findings(f"tide: {{queries: [{{{query}}}]}}")
    assert wrong in found


# Contexts

JOBS = (
    presubmit("always", always_run=True),
    presubmit("optional", always_run=True, optional=True),
    presubmit("silent", always_run=True, skip_report=True),
    presubmit("sources", run_if_changed="go"),
    presubmit("manual"),
    presubmit("elsewhere", always_run=True, branches=("next",)),
)


def contexts(config: str = "", presubmits: tuple[Presubmit, ...] = JOBS) -> Contexts:
    prow = configured(config).prow
    return contexts_of(
        prow.tide.context_options,
        prow.branch_protection,
        org="acme",
        repo="rocket",
        branch="main",
        presubmits=presubmits,
    )


def test_contexts_of_jobs() -> None:
    found = contexts()
    assert found.required == ("always",)
    assert found.required_if_present == ("manual", "sources")
    assert found.optional == ("optional", "silent")


OPTIONS = """
tide:
  context_options:
    skip-unknown-contexts: true
    optional-contexts: [flaky]
    optional-regex-contexts: ['^ext/']
    orgs:
      acme:
        skip-unknown-contexts: false
        required-contexts: [cla]
        repos: {rocket: {branches: {main: {required-if-present-contexts: [maybe]}, next: {required-contexts: [x]}}}}
"""


@pytest.mark.parametrize(
    "context, is_optional",
    [("flaky", True), ("ext/lint", True), ("cla", False), ("maybe", False), ("unknown", False), ("always", False)],
)
def test_options_of_all_levels(context: str, is_optional: bool) -> None:
    found = contexts(OPTIONS)
    assert found.required == ("always", "cla")
    assert found.is_optional(context) is is_optional
    assert found.missing(["cla", "other"]) == ("always",)


@pytest.mark.parametrize(
    "options, wrong",
    [
        ("required-contexts: [optional]", "contexts optional are defined as required and optional"),
        ("required-contexts: [sources]", "contexts sources are defined as required and required if present"),
        ("optional-contexts: [manual]", "contexts manual are defined as optional and required if present"),
        ("optional-regex-contexts: [al]", 'optional context regex "al" matches required context always'),
        ("optional-regex-contexts: ['(']", "doesn't compile: error parsing regexp: missing closing )"),
    ],
)
def test_a_context_wanted_in_two_ways(options: str, wrong: str) -> None:
    with pytest.raises(ValueError) as error:
        contexts(f"tide: {{context_options: {{{options}}}}}")
    assert wrong in str(error.value)


PROTECTED = """
tide: {context_options: {from-branch-protection: true}}
branch-protection:
  require_manually_triggered_jobs: true
  orgs: {acme: {protect: true, required_status_checks: {contexts: [cla]}}}
"""


def test_contexts_of_branch_protection() -> None:
    found = contexts(PROTECTED)
    assert (found.required, found.required_if_present) == (("always", "cla", "manual"), ("sources",))


def test_a_contradiction_in_branch_protection_is_only_remarked_upon() -> None:
    found = contexts(PROTECTED.replace("protect: true", "protect: false"))
    assert (found.required, found.remark) == (
        ("always",),
        "branch protection of acme/rocket main: required prow jobs require branch protection",
    )


def test_whether_tide_starts_manual_jobs() -> None:
    prow = configured(PROTECTED).prow
    asked: dict[str, Any] = {"repo": "rocket", "branch": "main"}
    assert manual_jobs_count(prow.tide.context_options, prow.branch_protection, org="acme", **asked)
    assert manual_jobs_count(prow.tide.context_options, prow.branch_protection, org="unnamed", **asked)
    assert not manual_jobs_count(configured().prow.tide.context_options, prow.branch_protection, org="acme", **asked)


def test_branch_protection_counts_in_configured_organisations() -> None:
    rules = BranchProtection(protect=True, orgs={"acme": OrganisationPolicy(enforce_admins=True)})
    where: dict[str, Any] = {"repo": "r", "branch": "main", "presubmits": ()}
    assert protection_of(rules, org="other", **where) is None
    assert protection_of(rules, org="acme", **where) == Policy(protect=True, enforce_admins=True)
