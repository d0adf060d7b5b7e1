"""config/…: what upstream answered on two whole configurations, row by row."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cutwater.config.configuration import Configuration
from cutwater.config.contexts import contexts_of
from cutwater.config.jobs import Periodic, Postsubmit, Presubmit
from cutwater.config.matching import chosen, comment_filter
from cutwater.config.specs import batch_spec, periodic_spec, postsubmit_spec, presubmit_spec
from cutwater.config.tide import search_of, searches_by_org
from cutwater.events.configuration import Files
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob, ProwJobSpec, Refs
from functions.plugins import lgtm, trust
from functions.plugins.approve import section as approve
from functions.plugins.every import PLUGINS
from functions.plugins.kit import TEXT
from tests.oracle_rows import Row, difference

Answer = Mapping[str, Any]


@functools.lru_cache
def configuration(corpus: Path, name: str) -> Configuration:
    root = corpus / {"k8s": "kubernetes", "synth": "synthetic"}[name]
    general = root / "config/prow" if name == "k8s" else root
    jobs = root / "config/jobs" if name == "k8s" else root / "jobs"
    return Files(general / "config.yaml", (jobs,), general / "plugins.yaml").read()


def jobs(config: Configuration, row: Row) -> Answer:
    """Several jobs may have the name, and a row does not always say which branch it means: any that agrees is right."""
    answers = [_made(row, job) for job in _named(config, row)]
    return next((answer for answer in answers if difference(answer, {"prowjob": row["prowjob"]}) is None), answers[0])


def _named(config: Configuration, row: Row) -> Sequence[Presubmit | Postsubmit | Periodic]:
    if row["kind"] == "periodic":
        return [job for job in config.jobs.periodics if job.name == row["job"]]
    if row["kind"] == "postsubmit":
        return [job for job in config.jobs.postsubmits[row["repo"]] if job.name == row["job"]]
    return [job for job in config.jobs.presubmits[row["repo"]] if job.name == row["job"]]


def _made(row: Row, job: Presubmit | Postsubmit | Periodic) -> Answer:
    """The ProwJob of the job, for the refs, the name and the time that stand in the row's answer."""
    asked = msgspec.convert(row["prowjob"], ProwJob)
    assert asked.status.startTime is not None
    made = new_prowjob(
        spec_of(job, asked.spec.refs, is_batch=row["kind"] == "batch"),
        name=asked.metadata.name,
        start=asked.status.startTime,
        labelled=job.labels,
        annotated=job.annotations,
    )
    return {"prowjob": msgspec.to_builtins(made)}


def spec_of(job: Presubmit | Postsubmit | Periodic, refs: Refs | None, *, is_batch: bool = False) -> ProwJobSpec:
    if isinstance(job, Periodic):
        return periodic_spec(job)
    assert refs is not None
    if isinstance(job, Postsubmit):
        return postsubmit_spec(job, refs)
    return batch_spec(job, refs) if is_batch else presubmit_spec(job, refs)


def filters(config: Configuration, row: Row) -> Answer:
    """Where a row does not say what has reported, everything has."""
    presubmits = config.jobs.presubmits.get(row["repo"], ())
    reported = row["all"] or () if "all" in row else [job.context for job in presubmits]
    wanted = comment_filter(row["comment"], failed=row.get("failed") or (), reported=reported)
    return {"run": [job.name for job in chosen(presubmits, row["branch"], row["changes"] or (), wanted)]}


def triggers(config: Configuration, row: Row) -> Answer:
    """Several jobs may have the name: the answer is that of whichever agrees, else of the first."""
    answers = [
        {
            "trigger": job.trigger,
            "rerun_command": job.rerun_command,
            "context": job.context,
            "optional": job.optional,
            "always_run": job.always_run,
            "needs_explicit": job.needs_explicit_trigger,
            "context_required": job.is_required,
        }
        for job in config.jobs.presubmits[row["repo"]]
        if job.name == row["job"]
    ]
    return next((answer for answer in answers if all(row.get(key) == answer[key] for key in answer)), answers[0])


def tide_contexts(config: Configuration, row: Row) -> Answer:
    org, _, repo = row["repo"].partition("/")
    tide = config.prow.tide
    try:
        contexts = contexts_of(
            tide.context_options,
            config.prow.branch_protection,
            org=org,
            repo=repo,
            branch=row["branch"],
            presubmits=config.jobs.presubmits_of(org, repo),
        )
    except ValueError as error:
        return {"error": str(error)}
    return {
        "required": contexts.required,
        "optional": contexts.optional,
        "required_if_present": contexts.required_if_present,
        "skip_unknown": contexts.skip_unknown,
        "merge_method": tide.merge_method_of(org, repo, row["branch"]),
    }


def tide_queries(config: Configuration, row: Row) -> Answer:
    query = config.prow.tide.queries[row["index"]]
    return {"query": search_of(query), "org_queries": searches_by_org(query)}


def plugin_config(config: Configuration, row: Row) -> Answer:
    org, _, repo = row["repo"].partition("/")
    enabled = config.plugins.enabled_for(org, repo)
    trigger = trust.settings_for(config, org, repo)
    if trigger.trusted_org:  # upstream fills in the link when it loads, we when it is used
        trigger = msgspec.structs.replace(trigger, join_org_url=trigger.join_url(org))
    owners = config.plugins.owners
    return {
        **{kind: [name for name in enabled if _answers(name, event)] for kind, event in _EVENTS.items()},
        "trigger": msgspec.to_builtins(trigger),
        "lgtm": msgspec.to_builtins(lgtm.settings_for(config, org, repo)),
        "approve": msgspec.to_builtins(approve.settings_for(config, org, repo)),
        "mdyaml": owners.reads_markdown_headers(org, repo),
        "skip_collaborators": owners.skips_collaborators(org, repo),
    }


def _answers(plugin: str, event: str) -> bool:
    return plugin in PLUGINS and event in PLUGINS[plugin].events


def _of_plugins_that_are_built(row: Row) -> Row:
    """A row without the plugins that cutwater does not have: they are left out of both sides."""
    return {**row, **{kind: [name for name in row[kind] or () if name in PLUGINS] for kind in _EVENTS}}


_EVENTS = {
    "generic_comment": TEXT,
    "issue": "issues",
    "issue_comment": "issue_comment",
    "pull_request": "pull_request",
    "review": "pull_request_review",
    "review_comment": "pull_request_review_comment",
    "status": "status",
    "push": "push",
}
"""Upstream's kinds of handlers, and what a plugin here answers to."""
_JOB = ("trigger", "rerun_command", "context", "optional", "always_run", "needs_explicit", "context_required")
_CONTEXTS = ("required", "optional", "required_if_present", "skip_unknown", "merge_method", "error")
_ANSWERS: Mapping[str, tuple[Callable[[Configuration, Row], Answer], Sequence[str]]] = {
    "jobs": (jobs, ("prowjob",)),
    "filters": (filters, ("run", "error")),
    "triggers": (triggers, _JOB),
    "tide_contexts": (tide_contexts, _CONTEXTS),
    "tide_queries": (tide_queries, ("query", "org_queries")),
    "plugin_config": (plugin_config, (*_EVENTS, "trigger", "lgtm", "approve", "mdyaml", "skip_collaborators")),
}
KINDS = tuple(f"config/{name}-{kind}" for name in ("k8s", "synth") for kind in _ANSWERS)


def check(row: Row, *, kind: str, corpus: Path) -> str | None:
    """The difference between our answer and upstream's, or None. The pods of `jobs` rows are another module's."""
    name, _, what = kind.removeprefix("config/").partition("-")
    if what == "plugin_config":
        row = _of_plugins_that_are_built(row)
    answer, keys = _ANSWERS[what]
    ours = answer(configuration(corpus, name), row)
    return difference(ours, {key: row[key] for key in keys if key in row}, sets=(*_CONTEXTS[:3], *_EVENTS))
