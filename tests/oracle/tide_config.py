"""tide/query and tide/context_policy: what tide is told by its configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cutwater.config.configuration import Configuration
from cutwater.config.contexts import contexts_of, manual_jobs_count
from cutwater.config.findings import ConfigError, Source
from cutwater.config.jobs import Presubmit
from cutwater.config.load import load
from cutwater.config.own_jobs import own_jobs
from cutwater.config.sources import Sources
from cutwater.config.tide import covered, search_of, searches_by_org
from functions.tide.sweep import searches_for_changes
from tests.oracle_rows import Row, difference

KINDS = ("tide/query", "tide/context_policy")

_OTHERWISE = ("blocker_queries_app", "blocker_queries_token", "dated", "status_query_token")
"""What of a query row is not searched for: blockers are read with their repository, changes by organisation."""


def check(row: Row) -> str | None:
    """The difference between our answer and upstream's, or None."""
    upstream = row["upstream"]
    try:
        config = _configuration(row["input"])
    except ConfigError as error:
        return None if "config_error" in upstream else f"we refuse: {error}"
    if "config_error" in upstream:
        return f"upstream refuses: {upstream['config_error']}"
    if row["kind"] == "query":
        theirs = {key: upstream[key] for key in upstream if key not in _OTHERWISE}
        theirs["status_queries_app"] = {org: " ".join(q.split()) for org, q in upstream["status_queries_app"].items()}
        return difference(_queries(config, row["input"]), theirs)
    return difference(_contexts(config, row["input"]), upstream)


def _configuration(given: Mapping[str, Any]) -> Configuration:
    jobs = [Source("jobs.yaml", given["job_config"].encode())] if given["job_config"] else []
    return load(Sources(Source("config.yaml", given["config"].encode()), tuple(jobs)), strict=True)


def _queries(config: Configuration, given: Mapping[str, Any]) -> object:
    queries = config.prow.tide.queries
    exceptions, repos = covered(queries)
    probes = [name.split("/") for name in given["probe"]]
    return {
        "queries": [
            {
                "definition": msgspec.to_builtins(query),
                "common": search_of(msgspec.structs.replace(query, orgs=(), repos=(), excluded_repos=())),
                "token_query": search_of(query),
                "by_org": searches_by_org(query),
                "for_repo": {f"{org}/{repo}": query.covers(org, repo) for org, repo in probes},
            }
            for query in queries
        ],
        "org_exceptions": {org: sorted(left_out) for org, left_out in exceptions.items()},
        "repos": sorted(repos),
        "status_queries_app": searches_for_changes(config.prow.tide),
    }


def _contexts(config: Configuration, given: Mapping[str, Any]) -> object:
    tide = config.prow.tide
    org, repo, branch = given["org"], given["repo"], given["branch"]
    presubmits = [*config.jobs.presubmits_of(org, repo), *_own(config, given)]
    asked: dict[str, Any] = {"org": org, "repo": repo, "branch": branch, "presubmits": presubmits}
    try:
        contexts = contexts_of(tide.context_options, config.prow.branch_protection, **asked)
    except ValueError as error:
        return {"error": str(error)}
    return {
        "required": contexts.required,
        "required_if_present": contexts.required_if_present,
        "optional": contexts.optional,
        "optional_regex": contexts.optional_patterns,
        "skip_unknown": contexts.skip_unknown,
        "overwrite_pending": contexts.overwrite_pending,
        "require_manually_triggered_jobs": manual_jobs_count(
            tide.context_options, config.prow.branch_protection, org=org, repo=repo, branch=branch
        ),
        "is_optional": {context: contexts.is_optional(context) for context in given["probe"]},
        "missing_required": [contexts.missing(present) for present in given["context_lists"]],
    }


def _own(config: Configuration, given: Mapping[str, Any]) -> Sequence[Presubmit]:
    """What the repository brings along at its base and at the head in question."""
    files = given.get("in_repo") or {}
    heads = {str(pull["number"]) for pull in given["prs"] if pull["head_sha"] == given["head_sha"]}
    brought = {number: file["yaml"] for number, file in (files.get("by_pr") or {}).items() if number in heads}
    texts = {"base": files.get("base"), **brought}
    sources = [Source(name, text.encode()) for name, text in texts.items() if text]
    return own_jobs(config, given["org"], given["repo"], sources).presubmits
