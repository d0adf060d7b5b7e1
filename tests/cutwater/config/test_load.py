"""A whole load: several files, everything wrong at once, strict or not."""

import gc
import subprocess
import sys

import pytest

from cutwater.config.findings import ConfigError, Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.prowjob.types import RerunAuthConfig
from tests.cutwater.config.configured import POD, configured, findings


def test_jobs_of_several_files_and_of_config_yaml() -> None:
    of_config = f"presubmits: {{acme/rocket: [{{name: a, {POD}}}]}}\nperiodics: [{{name: p, interval: 1h, {POD}}}]"
    of_file = f"presubmits: {{acme/rocket: [{{name: b, {POD}}}]}}\npostsubmits: {{acme/engine: [{{name: c, {POD}}}]}}"
    found = configured(of_config, jobs=of_file)
    assert [job.name for job in found.jobs.presubmits_of("acme", "rocket")] == ["a", "b"]
    assert [job.name for job in found.jobs.postsubmits_of("acme", "engine")] == ["c"]
    assert [job.name for job in found.jobs.periodics] == ["p"]
    assert found.jobs.repositories == {"acme/rocket", "acme/engine"}
    assert (found.prow.presubmits, found.prow.periodics) == ({}, ())


def test_every_file_is_read_before_anything_is_said() -> None:
    with pytest.raises(ConfigError) as error:
        load(
            Sources(
                Source("config.yaml", b"plank: {max_revivals: some}"),
                (Source("jobs/a.yaml", b"presubmits: ["), Source("jobs/b.yaml", b"\nperiodics: 3")),
                Source("plugins.yaml", b"owners: []"),
            )
        )
    assert str(error.value).splitlines() == [
        'config.yaml:1: plank.max_revivals: "some" is not a whole number',
        "jobs/a.yaml:2: not YAML: while parsing a flow node, did not find expected node content",
        'jobs/b.yaml:2: periodics: "3" is not a list',
        "plugins.yaml:1: owners: a list is not a mapping",
    ]


def test_a_basename_may_stand_once_only() -> None:
    with pytest.raises(ConfigError, match=r"duplicated basename is not allowed: a\.yaml, as in x/a\.yaml"):
        load(Sources(Source("config.yaml", b""), (Source("x/a.yaml", b""), Source("y/a.yaml", b""))))


def test_what_is_odd_is_a_warning_or_strictly_wrong() -> None:
    text = "plank: {allow_cancellations: true}"
    odd = "config.yaml:1: plank.allow_cancellations: is no known field"
    assert list(map(str, configured(text).warnings)) == [odd]
    assert findings(text, strict=True) == [odd]


def test_the_digest_is_of_names_and_contents() -> None:
    one, other = configured("log_level: info"), configured("log_level: debug")
    assert one.digest == configured("log_level: info").digest != other.digest
    assert len(one.digest) == 64
    renamed = load(Sources(Source("other.yaml", b"log_level: info")))
    assert renamed.digest != one.digest


def test_garbage_is_collected_again_afterwards() -> None:
    configured()
    assert gc.isenabled()


def test_what_decides_needs_neither_yaml_nor_patterns() -> None:
    """A function that opens a compiled configuration pays for neither."""
    modules = "compiled, contexts, matching, plugins, specs, template, tide"
    code = f"import sys; from cutwater.config import {modules}; sys.exit(bool({{'yaml', 're2'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "config, wrong",
    [
        ("log_level: loud", 'log_level: "loud" is not one of'),
        ("plank: {max_concurrency: -1}", "plank.max_concurrency: -1 must not be negative"),
        ("plank: {job_url_template: '{{if}}'}", "plank.job_url_template: missing value for command"),
        ("plank: {report_template: x, report_templates: {'*': z}}", "plank.report_template: report_template and"),
        ("plank: {report_templates: {acme/r: '{{end}}'}}", 'plank.report_templates["acme/r"]: unexpected {{end}}'),
        (
            "plank: {default_decoration_configs: {'*': {}}, default_decoration_config_entries: [{repo: a}]}",
            "plank.default_decoration_configs: default_decoration_configs and",
        ),
        (
            "jenkins_operators: [{label_selector: a=b}]",
            "jenkins_operators[0].label_selector: label_selector is invalid",
        ),
        ("jenkins_operators: [{label_selector: a=b}, {}]", "jenkins_operators[1]: label_selector is needed"),
        (
            "jenkins_operators: [{label_selector: a=b}, {label_selector: 'a in'}]",
            'jenkins_operators[1].label_selector: "a in" is no label selector',
        ),
        ("deck: {additional_allowed_buckets: [b]}", "is of use only where skip_storage_path_validation is false"),
        ("deck: {rerun_auth_configs: {'*': {allow_anyone: true, github_users: [x]}}}", "allow anyone is set to true"),
        ("deck: {spyglass: {lenses: [{required_files: ['(']}]}}", "deck.spyglass.lenses[0].required_files[0]: error"),
        ("deck: {spyglass: {gcs_browser_prefix: a, gcs_browser_prefixes: {'*': b}}}", "both gcs_browser_prefix and"),
        ("deck: {external_agent_logs: [{url_template: '{{x}}'}]}", 'function "x" not defined'),
        ("slack_reporter_configs: {'*': {}}", 'slack_reporter_configs["*"]: channel must be set'),
        (
            "slack_reporter_configs: {'*': {channel: c, report_template: '{{.Spec.Refs.Org}}'}}",
            'slack_reporter_configs["*"].report_template: nil pointer evaluating .Org',
        ),
        ("branch-protection: {include: [a], exclude: [b]}", "branch-protection.exclude: include and exclude are"),
        (
            "pubsub_subscriptions: {a: [b]}\npubsub_triggers: [{project: x}]",
            "pubsub_triggers: pubsub_subscriptions and",
        ),
        ("tide: {max_goroutines: -1}", "tide.max_goroutines: -1 must not be negative"),
        ("tide: {target_url: a, target_urls: {'*': b}}", "tide.target_url: target_url and target_urls"),
        ("tide: {pr_status_base_urls: {acme: b}}", 'tide.pr_status_base_urls: has no "*"'),
        (
            "tide: {merge_method: {acme: octopus}}",
            'tide.merge_method.acme: "octopus" is not one of merge, squash, rebase',
        ),
        ("tide: {merge_method: {a: {b: {'(': squash}}}}", 'tide.merge_method.a.b["("]: error parsing regexp'),
        (
            "tide: {merge_commit_template: {acme: {title: '{{end}}'}}}",
            "tide.merge_commit_template.acme.title: unexpected",
        ),
        ("tide: {github_merge_blocks_policy: {acme: never}}", '"never" is not one of ignore, permit, block'),
        ("github_reporter: {job_types_to_report: [periodic]}", '"periodic" is not one of presubmit, postsubmit'),
    ],
)
def test_what_sections_may_not_say(config: str, wrong: str) -> None:
    (found,) = findings(config)
    assert wrong in found
    assert found.startswith(("config.yaml:1: ", "config.yaml:2: "))


def test_older_forms_of_deck() -> None:
    text = """
deck:
  rerun_auth_configs: {acme/r: {allow_anyone: true}, '*': {github_users: [x]}, acme: {}}
  spyglass: {viewers: {'log$': [build-log-viewer]}, gcs_browser_prefix: p}
"""
    deck = configured(text).prow.deck
    assert [entry.repo for entry in deck.default_rerun_auth_configs] == ["", "acme", "acme/r"]
    assert deck.rerun_auth_of("acme/r", "default") == RerunAuthConfig(allow_anyone=True)
    assert deck.rerun_auth_of("other/r", "default") == RerunAuthConfig(github_users=("x",))
    assert [(entry.lens.name, entry.required_files) for entry in deck.spyglass.lenses] == [("buildlog", ("log$",))]
    assert (deck.spyglass.gcs_browser_prefixes, deck.spyglass.gcs_browser_prefixes_by_bucket) == (
        {"*": "p"},
        {"*": "p"},
    )
