"""config.yaml, section by section: what is in force where it says little, and what it may not say.

Source: sigs.k8s.io/prow pkg/config (config.go, parseProwConfig and validateComponentConfig).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from cutwater.config import addresses, foreign, own
from cutwater.config.defaulting import Defaults
from cutwater.config.findings import Path
from cutwater.config.patterns import compiled
from cutwater.config.prow import Controller, Deck, Lens, LensEntry, ProwConfig, RerunAuthEntry, SlackReporter, Spyglass
from cutwater.config.template import JENKINS_FUNCTIONS, Function, TemplateError, parse
from cutwater.config.tide import MERGE_METHODS, Tide, TideQuery
from cutwater.config.validation import contradiction_in
from cutwater.prowjob.selectors import selector
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec

Rule = Iterator[tuple[Path, str]]

C = TypeVar("C", bound=Controller)

DEFAULT_SLACK_TEMPLATE = (
    "Job {{.Spec.Job}} of type {{.Spec.Type}} ended with state {{.Status.State}}. <{{.Status.URL}}|View logs>"
)

_OLD_VIEWERS = {"build-log-viewer": "buildlog", "metadata-viewer": "metadata", "junit-viewer": "junit"}
_LOG_LEVELS = ("", "trace", "debug", "info", "warn", "warning", "error", "fatal", "panic")

_EMPTY = ProwJob(metadata=ObjectMeta(), spec=ProwJobSpec(type="periodic", job=""))


# What is in force


def with_component_defaults(prow: ProwConfig) -> ProwConfig:
    """Single values that stand for a map become its `*`; what is empty or 0 gets its default."""
    reporter = prow.github_reporter
    standard = ProwConfig()
    return replace(
        prow,
        plank=_controller_in_force(prow.plank),
        jenkins_operators=tuple(map(_controller_in_force, prow.jenkins_operators)),
        tide=_tide(prow),
        deck=_deck(prow.deck),
        in_repo_config=replace(
            prow.in_repo_config, allowed_clusters={"*": ("default",)} | dict(prow.in_repo_config.allowed_clusters)
        ),
        github_reporter=replace(
            reporter, job_types_to_report=reporter.job_types_to_report or ("presubmit", "postsubmit")
        ),
        slack_reporter_configs={key: _slack_in_force(slack) for key, slack in prow.slack_reporter_configs.items()},
        prowjob_namespace=prow.prowjob_namespace or standard.prowjob_namespace,
        pod_namespace=prow.pod_namespace or standard.pod_namespace,
        log_level=prow.log_level or standard.log_level,
        status_error_link=prow.status_error_link or standard.status_error_link,
        github=replace(prow.github, link_url=prow.github.link_url or standard.github.link_url),
    )


def _slack_in_force(slack: SlackReporter) -> SlackReporter:
    return replace(slack, report_template=slack.report_template or DEFAULT_SLACK_TEMPLATE)


def _controller_in_force(controller: C) -> C:
    templates = dict(controller.report_templates)
    if controller.report_template:
        templates["*"] = controller.report_template
    return replace(controller, report_templates=templates, max_goroutines=controller.max_goroutines or 20)


def _tide(prow: ProwConfig) -> Tide:
    tide = prow.tide
    return replace(
        tide,
        max_goroutines=tide.max_goroutines or 20,
        queries=_without_twins(tide.queries, Defaults(prow)),
        target_urls=_with_star(tide.target_urls, tide.target_url),
        pr_status_base_urls=_with_star(tide.pr_status_base_urls, tide.pr_status_base_url),
    )


def _deck(deck: Deck) -> Deck:
    spyglass = deck.spyglass
    prefixes = _with_star(spyglass.gcs_browser_prefixes, spyglass.gcs_browser_prefix)
    by_bucket = _with_star(spyglass.gcs_browser_prefixes_by_bucket, spyglass.gcs_browser_prefix)
    older = deck.rerun_auth_configs
    entries = deck.default_rerun_auth_configs or tuple(
        RerunAuthEntry(repo="" if repo == "*" else repo, config=older[repo])
        for repo in sorted(older, key=lambda repo: (repo not in ("", "*"), "/" in repo, repo))
    )
    return replace(
        deck,
        spyglass=replace(
            spyglass,
            lenses=(*spyglass.lenses, *_lenses_of_viewers(spyglass.viewers)),
            size_limit=spyglass.size_limit or Spyglass().size_limit,
            gcs_browser_prefixes=prefixes,
            gcs_browser_prefixes_by_bucket=by_bucket,
        ),
        default_rerun_auth_configs=entries,
    )


def _lenses_of_viewers(viewers: Mapping[str, tuple[str, ...]]) -> Iterator[LensEntry]:
    """The older form: the lenses of a pattern of files."""
    in_order = sorted((_OLD_VIEWERS.get(name, name), pattern) for pattern, names in viewers.items() for name in names)
    return (LensEntry(required_files=(pattern,), lens=Lens(name=name)) for name, pattern in in_order)


def _with_star(by_repository: Mapping[str, str], everywhere: str) -> Mapping[str, str]:
    return {"*": everywhere} | dict(by_repository) if everywhere else by_repository


def _without_twins(queries: Iterable[TideQuery], defaults: Defaults) -> tuple[TideQuery, ...]:
    """Queries that ask the same of different repositories are one. In upstream's order: that of their JSON."""
    merged: dict[object, TideQuery] = {}
    for query in queries:
        query = replace(
            query,
            labels=_sorted(query.labels),
            missing_labels=_sorted(query.missing_labels),
            excluded_branches=_sorted(query.excluded_branches),
            included_branches=_sorted(query.included_branches),
        )
        tenants = {defaults.job_defaults(key, "*").tenant_id for key in (*query.orgs, *query.repos)}
        key = (replace(query, orgs=(), repos=(), excluded_repos=()), frozenset(tenants))
        if twin := merged.get(key):
            query = replace(
                twin,
                orgs=twin.orgs + query.orgs,
                repos=twin.repos + query.repos,
                excluded_repos=twin.excluded_repos + query.excluded_repos,
            )
        merged[key] = query
    return tuple(sorted(merged.values(), key=_go_json))


def _sorted(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(items))


def _go_json(value: object) -> bytes:
    """As Go writes it, which escapes what HTML would read."""
    return msgspec.json.encode(value).replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


# What may not be said. The paths are those of config.yaml.


def component_problems(prow: ProwConfig) -> Rule:
    """Everything that is wrong in the sections, as the file has them (before `with_component_defaults`)."""
    if prow.log_level not in _LOG_LEVELS:
        yield ("log_level",), f'"{prow.log_level}" is not one of {", ".join(_LOG_LEVELS[1:])}'
    if prow.pubsub_subscriptions and prow.pubsub_triggers:
        yield ("pubsub_triggers",), "pubsub_subscriptions and pubsub_triggers are mutually exclusive"
    if prow.branch_protection.include and prow.branch_protection.exclude:
        yield ("branch-protection", "exclude"), "include and exclude are mutually exclusive"
    yield from _plank(prow)
    yield from _jenkins(prow)
    yield from _deck_problems(prow.deck)
    yield from _slack(prow)
    yield from own.problems(prow.prow_ignored)
    yield from _addresses(prow)
    yield from ((("gerrit", *path), message) for path, message in foreign.gerrit_problems(prow.gerrit))
    yield from ((("gangway", *path), message) for path, message in foreign.gangway_problems(prow.gangway))
    for index, query in enumerate(prow.tide.queries):
        yield from ((("tide", "queries", index, *path), message) for path, message in _query(query))
    yield from ((("tide", *path), message) for path, message in _tide_problems(prow.tide))


def _addresses(prow: ProwConfig) -> Rule:
    prefixes = prow.plank.job_url_prefix_config
    said: dict[Path, str] = {("plank", "job_url_prefix_config", key): prefix for key, prefix in prefixes.items()}
    said |= {("gerrit", "deck_url"): prow.gerrit.deck_url, ("github", "link_url"): prow.github.link_url}
    for path, address in said.items():
        if reason := addresses.problem(address):
            yield path, reason


def _controller(controller: Controller, functions: Mapping[str, Function] | None = None) -> Rule:
    yield from _template(controller.job_url_template, ("job_url_template",), functions)
    yield from _template(controller.report_template, ("report_template",))
    for key, text in controller.report_templates.items():
        yield from _template(text, ("report_templates", key))
    if controller.report_template and controller.report_templates:
        yield ("report_template",), "report_template and report_templates are mutually exclusive"
    for name in ("max_concurrency", "max_goroutines"):
        if getattr(controller, name) < 0:
            yield (name,), f"{getattr(controller, name)} must not be negative"


def _plank(prow: ProwConfig) -> Rule:
    plank = prow.plank
    yield from ((("plank", *path), message) for path, message in _controller(plank))
    if plank.default_decoration_configs and plank.default_decoration_config_entries:
        yield (
            ("plank", "default_decoration_configs"),
            "default_decoration_configs and default_decoration_config_entries are mutually exclusive",
        )


def _jenkins(prow: ProwConfig) -> Rule:
    operators = prow.jenkins_operators
    for index, operator in enumerate(operators):
        here: Path = ("jenkins_operators", index)
        yield from (((*here, *path), message) for path, message in _controller(operator, JENKINS_FUNCTIONS))
        if len(operators) == 1 and operator.label_selector:
            yield (*here, "label_selector"), "label_selector is invalid when used for a single jenkins-operator"
        if len(operators) > 1 and not operator.label_selector:
            yield here, "label_selector is needed where there are several jenkins_operators"
        yield from _selector(operator.label_selector, (*here, "label_selector"))


def _spyglass(spyglass: Spyglass) -> Rule:
    if spyglass.size_limit < 0:
        yield ("size_limit",), f"{spyglass.size_limit} must not be negative"
    for index, entry in enumerate(spyglass.lenses):
        for name in ("required_files", "optional_files"):
            for place, pattern in enumerate(getattr(entry, name)):
                yield from _pattern(pattern, ("lenses", index, name, place))
    for name in ("gcs_browser_prefixes", "gcs_browser_prefixes_by_bucket"):
        if spyglass.gcs_browser_prefix and "*" in getattr(spyglass, name):
            yield (name,), f"both gcs_browser_prefix and {name}['*'] are specified"
    yield from _template(spyglass.pr_history_link_template, ("pr_history_link_template",))


def _deck_problems(deck: Deck) -> Rule:
    yield from ((("deck", "spyglass", *path), message) for path, message in _spyglass(deck.spyglass))
    if deck.rerun_auth_configs and deck.default_rerun_auth_configs:
        yield (
            ("deck", "rerun_auth_configs"),
            "rerun_auth_configs and default_rerun_auth_configs are mutually exclusive",
        )
    for key, auth in deck.rerun_auth_configs.items():
        if message := contradiction_in(auth):
            yield ("deck", "rerun_auth_configs", key), message
    for index, entry in enumerate(deck.default_rerun_auth_configs):
        if message := contradiction_in(entry.config):
            yield ("deck", "default_rerun_auth_configs", index), message
    for index, log in enumerate(deck.external_agent_logs):
        yield from _template(log.url_template, ("deck", "external_agent_logs", index, "url_template"))
        yield from _selector(log.selector, ("deck", "external_agent_logs", index, "selector"))
    if deck.additional_allowed_buckets and deck.skip_storage_path_validation is not False:
        yield (
            ("deck", "additional_allowed_buckets"),
            "is of use only where skip_storage_path_validation is false",
        )


def _slack(prow: ProwConfig) -> Rule:
    for key, reporter in prow.slack_reporter_configs.items():
        if not reporter.channel:
            yield ("slack_reporter_configs", key), "channel must be set"
        here: Path = ("slack_reporter_configs", key, "report_template")
        try:
            parse(reporter.report_template).render(_EMPTY)
        except TemplateError as error:
            yield here, str(error)


def _query(query: TideQuery) -> Rule:
    yield from _query_scope(query)
    for name in ("orgs", "repos", "excluded_repos", "labels", "missing_labels"):
        yield from _named_once(name, getattr(query, name))
    for name in ("included_branches", "excluded_branches"):
        yield from _named_once(name, getattr(query, name))
    for label in sorted({*query.labels} & {*query.missing_labels}):
        yield ("missingLabels",), f'the label "{label}" is both required and forbidden'
    if query.included_branches and query.excluded_branches:
        yield ("excludedBranches",), "have no effect, as includedBranches are given"


def _query_scope(query: TideQuery) -> Rule:
    for index, org in enumerate(query.orgs):
        if not org or "/" in org:
            yield ("orgs", index), f'"{org}" is not the name of an organisation'
    if not query.orgs and not query.repos:
        yield (), "'orgs' and 'repos' cannot both be empty"
    for index, full_name in enumerate(query.repos):
        if not _is_full_name(full_name):
            yield ("repos", index), f'"{full_name}" is not of the form "org/repo"'
        elif (org := full_name.partition("/")[0]) in query.orgs:
            yield ("repos", index), f'"{full_name}" is already included via org: "{org}"'
    for index, full_name in enumerate(query.excluded_repos):
        if not _is_full_name(full_name):
            yield ("excludedRepos", index), f'"{full_name}" is not of the form "org/repo"'
        elif (org := full_name.partition("/")[0]) not in query.orgs:
            yield ("excludedRepos", index), f'"{full_name}" has no effect because org "{org}" is not included'


def _is_full_name(text: str) -> bool:
    org, _, repo = text.partition("/")
    return bool(org and repo) and "/" not in repo


def _named_once(attribute: str, names: Iterable[str]) -> Rule:
    first, *rest = attribute.split("_")
    field = first + "".join(map(str.capitalize, rest))
    for name in sorted(name for name, count in Counter(names).items() if count > 1):
        yield (field,), f'"{name}" is given more than once'


def _tide_problems(tide: Tide) -> Rule:
    if tide.max_goroutines < 0:
        yield ("max_goroutines",), f"{tide.max_goroutines} must not be negative"
    if tide.target_url and tide.target_urls:
        yield ("target_url",), "target_url and target_urls are mutually exclusive"
    if tide.pr_status_base_urls and tide.pr_status_base_url:
        yield ("pr_status_base_url",), "pr_status_base_url and pr_status_base_urls are mutually exclusive"
    elif tide.pr_status_base_urls and "*" not in tide.pr_status_base_urls:
        yield ("pr_status_base_urls",), 'has no "*"'
    for key, template in tide.merge_commit_template.items():
        yield from _template(template.title, ("merge_commit_template", key, "title"))
        yield from _template(template.body, ("merge_commit_template", key, "body"))
    for key, method in tide.merge_method.items():
        yield from _merge_method(method, ("merge_method", key), depth=2)


def _merge_method(method: object, here: Path, *, depth: int) -> Rule:
    """A method, or methods by repository, each a method or methods by pattern of branches; of no method, the usual."""
    if not method and depth:
        return
    if isinstance(method, Mapping) and depth:
        for key, inner in method.items():
            if depth == 1:
                yield from _pattern(key, (*here, key))
            yield from _merge_method(inner, (*here, key), depth=depth - 1)
    elif method not in MERGE_METHODS:
        yield here, f'"{method}" is not one of {", ".join(MERGE_METHODS)}'


def _template(text: str, here: Path, functions: Mapping[str, Function] | None = None) -> Rule:
    try:
        parse(text, functions)
    except TemplateError as error:
        yield here, str(error)


def _selector(text: str, here: Path) -> Rule:
    try:
        selector(text)
    except ValueError as error:
        yield here, str(error)


def _pattern(pattern: str, here: Path) -> Rule:
    try:
        compiled(pattern)
    except ValueError as error:
        yield here, str(error)
