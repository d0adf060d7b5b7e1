"""tide: which pull requests may merge, how, and by which contexts.

Source: sigs.k8s.io/prow pkg/config (tide.go).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Literal, TypeVar

from msgspec import Struct, field

from cutwater.config.foreign import TideGerrit
from cutwater.config.patterns import matches

V = TypeVar("V")

MergeMethod = Literal["merge", "squash", "rebase"]
MERGE_METHODS: tuple[MergeMethod, ...] = ("merge", "squash", "rebase")
MergeMethods = str | Mapping[str, str | Mapping[str, str]]
"""A method, or methods by repository, or by repository and pattern of branches."""


class TideQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The pull requests of some organisations and repositories that meet all of this.

    An entry of `labels` may hold alternatives, separated by commas.
    """

    author: str = ""
    labels: tuple[str, ...] = ()
    missing_labels: tuple[str, ...] = field(default=(), name="missingLabels")
    excluded_branches: tuple[str, ...] = field(default=(), name="excludedBranches")
    included_branches: tuple[str, ...] = field(default=(), name="includedBranches")
    milestone: str = ""
    review_approved_required: bool = field(default=False, name="reviewApprovedRequired")
    orgs: tuple[str, ...] = ()
    repos: tuple[str, ...] = ()
    excluded_repos: tuple[str, ...] = field(default=(), name="excludedRepos")

    def covers(self, org: str, repo: str) -> bool:
        """Whether it is about the repository."""
        full_name = f"{org}/{repo}"
        return full_name not in self.excluded_repos if org in self.orgs else full_name in self.repos


class ContextOptions(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """What one level says of contexts. None is inherited; lists are united with those above."""

    skip_unknown_contexts: bool | None = None
    required_contexts: tuple[str, ...] = ()
    required_if_present_contexts: tuple[str, ...] = ()
    optional_contexts: tuple[str, ...] = ()
    optional_regex_contexts: tuple[str, ...] = ()
    from_branch_protection: bool | None = None
    overwrite_pending_contexts: bool | None = None


class RepositoryContextOptions(ContextOptions, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """The options of a repository, and of single branches (exact names)."""

    branches: Mapping[str, ContextOptions] = field(default_factory=dict)


class OrganisationContextOptions(ContextOptions, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """The options of an organisation, and of single repositories."""

    repos: Mapping[str, RepositoryContextOptions] = field(default_factory=dict)


class AllContextOptions(ContextOptions, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """The options everywhere, and of single organisations."""

    orgs: Mapping[str, OrganisationContextOptions] = field(default_factory=dict)


class MergeCommitTemplate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The title and body of a merge commit: Go templates over the pull request."""

    title: str = ""
    body: str = ""


class Priority(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Pull requests with all of these labels go first."""

    labels: tuple[str, ...] = ()


class Tide(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole section. Keys of maps are `org/repo`, `org` and `*`, in the order in which they count."""

    sync_period: timedelta = timedelta(minutes=1)
    status_update_period: timedelta | None = None
    max_goroutines: int = 20
    max_query_concurrency: int = 0
    queries: tuple[TideQuery, ...] = ()
    merge_method: Mapping[str, MergeMethods] = field(default_factory=dict)
    merge_commit_template: Mapping[str, MergeCommitTemplate] = field(default_factory=dict)
    target_url: str = ""
    target_urls: Mapping[str, str] = field(default_factory=dict)
    pr_status_base_url: str = ""
    pr_status_base_urls: Mapping[str, str] = field(default_factory=dict)
    blocker_label: str = ""
    squash_label: str = ""
    rebase_label: str = ""
    merge_label: str = ""
    context_options: AllContextOptions = field(default_factory=AllContextOptions)
    batch_size_limit: Mapping[str, int] = field(default_factory=dict)
    prioritize_existing_batches: Mapping[str, bool] = field(default_factory=dict)
    github_merge_blocks_policy: Mapping[str, Literal["ignore", "permit", "block"]] = field(default_factory=dict)
    priority: tuple[Priority, ...] = ()
    display_all_tide_queries_in_status: bool = False
    gerrit: TideGerrit | None = None

    @property
    def status_period(self) -> timedelta:
        """The least time between two rounds of statuses."""
        return self.sync_period if self.status_update_period is None else self.status_update_period

    def queries_of(self, org: str, repo: str) -> tuple[TideQuery, ...]:
        return tuple(query for query in self.queries if query.covers(org, repo))

    def template_of(self, org: str, repo: str) -> MergeCommitTemplate | None:
        """There is no `*` here."""
        return self.merge_commit_template.get(f"{org}/{repo}") or self.merge_commit_template.get(org)

    def merge_method_of(self, org: str, repo: str, branch: str = "") -> MergeMethod:
        """How pull requests to the branch are merged, where no label says otherwise."""
        of_org = self.merge_method.get(org, "")
        of_repo = of_org.get(repo, of_org.get("*", "")) if isinstance(of_org, Mapping) else ""
        candidates = (
            self.merge_method.get(f"{org}/{repo}@{branch}"),
            _method_of_branch(of_repo, branch) if isinstance(of_repo, Mapping) else None,
            self.merge_method.get(f"{org}/{repo}"),
            of_repo,
            of_org,
        )
        return next((method for said in candidates for method in MERGE_METHODS if method == said), "merge")


def _method_of_branch(methods: Mapping[str, str], branch: str) -> str | None:
    return next((methods[pattern] for pattern in sorted(methods) if matches(pattern, branch)), None)


def setting(settings: Mapping[str, V], org: str, repo: str, default: V) -> V:
    """The value for a repository out of a map whose keys are `org/repo`, `org` and `*`."""
    for key in (f"{org}/{repo}", org, "*"):
        if key in settings:
            return settings[key]
    return default


# Searching for pull requests


def search_of(query: TideQuery) -> str:
    """The search that finds the query's pull requests, all organisations in one."""
    return " ".join([_conditions(query), *(token for tokens in _scopes(query).values() for token in tokens)])


def searches_by_org(query: TideQuery) -> dict[str, str]:
    """The same, one search for each organisation."""
    return {org: " ".join([_conditions(query), *tokens]) for org, tokens in _scopes(query).items()}


def _conditions(query: TideQuery) -> str:
    return " ".join(_tokens(query))


def _tokens(query: TideQuery) -> Iterator[str]:
    yield from ("is:pr", "state:open", "archived:false")
    if query.author:
        yield f'author:"{query.author}"'
    yield from (f'-base:"{branch}"' for branch in query.excluded_branches)
    yield from (f'base:"{branch}"' for branch in query.included_branches)
    for labels in query.labels:
        yield "label:" + ",".join(f'"{label}"' for label in labels.split(","))
    yield from (f'-label:"{label}"' for label in query.missing_labels)
    if query.milestone:
        yield f'milestone:"{query.milestone}"'
    if query.review_approved_required:
        yield "review:approved"


def _scopes(query: TideQuery) -> dict[str, list[str]]:
    """Organisation → the tokens that narrow a search to it. Organisations in alphabetical order."""
    scopes: dict[str, list[str]] = {org: [f'org:"{org}"'] for org in query.orgs}
    for sign, repositories in (("", query.repos), ("-", query.excluded_repos)):
        for full_name in repositories:
            org, slash, repo = full_name.partition("/")
            if slash and "/" not in repo:
                scopes.setdefault(org, []).append(f'{sign}repo:"{full_name}"')
    return dict(sorted(scopes.items()))


def covered(queries: Iterable[TideQuery]) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """Organisations, each with the repositories that no query covers there, and repositories named on their own."""
    queries = tuple(queries)
    repos = frozenset(repo for query in queries for repo in query.repos)
    exceptions: dict[str, frozenset[str]] = {}
    for query in queries:
        for org in query.orgs:
            here = frozenset(repo for repo in query.excluded_repos if repo.startswith(f"{org}/"))
            exceptions[org] = exceptions.get(org, here) & here
    return {org: left_out - repos for org, left_out in exceptions.items()}, repos
