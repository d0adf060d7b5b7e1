"""What is written out loads again to the same."""

from pathlib import Path

import pytest
from inline_snapshot import snapshot
from msgspec.structs import replace as with_fields

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Origin
from cutwater.config.listing import Listed, listed
from cutwater.config.rendering import rendered, rendered_jobs, without_older_forms
from cutwater.config.yaml_text import yaml_text
from cutwater.events.configuration import Files
from tests.cutwater.config.configured import configured

CONFIG = """
plank:
  report_template: "{{.Spec.Job}}"
  pod_pending_timeout: 15m
  default_decoration_configs:
    "*": {timeout: 1h, gcs_configuration: {bucket: b, path_strategy: explicit},
          utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}}
    acme: {timeout: 2h, gcs_credentials_secret: ""}
tide: {target_url: http://tide, queries: [{orgs: [acme], labels: [lgtm]}]}
deck: {spyglass: {gcs_browser_prefix: http://browse, viewers: {"build-log.txt": [build-log-viewer]}}}
presets: [{labels: {gold: "true"}, env: [{name: GOLD, value: "y"}]}]
"""
JOBS = """
presubmits:
  acme/rocket:
  - {name: unit, always_run: true, decorate: true, labels: {gold: "true"}, decoration_config: {grace_period: 90s},
     spec: {containers: [{image: x, command: [make], env: [{name: A, value: "0755"}]}]}}
postsubmits:
  acme/rocket: [{name: publish, always_run: false, run_if_changed: '\\.go$', spec: {containers: [{image: x}]}}]
periodics: [{name: nightly, cron: '@daily', spec: {containers: [{image: x}]}}]
"""


def bare(config: Configuration) -> list[Listed]:
    """Its jobs, wherever they stand."""
    nowhere = Origin("", 0)
    return [one._replace(job=with_fields(one.job, origin=nowhere)) for one in listed(config.jobs)]


def assert_renders_to_itself(config: Configuration) -> None:
    text = yaml_text(rendered(config))
    again = configured(text)
    assert again.prow == without_older_forms(config.prow)
    assert sorted(bare(again), key=str) == sorted(bare(config), key=str)
    assert yaml_text(rendered(again)) == text


def test_own() -> None:
    assert_renders_to_itself(configured(CONFIG, jobs=JOBS))


def test_empty() -> None:
    assert_renders_to_itself(configured())


def test_synthetic(corpus: Path) -> None:
    folder = corpus / "synthetic"
    assert_renders_to_itself(Files(folder / "config.yaml", (folder / "jobs",)).read())


@pytest.mark.slow
def test_kubernetes(corpus: Path) -> None:
    folder = corpus / "kubernetes" / "config"
    assert_renders_to_itself(Files(folder / "prow" / "config.yaml", (folder / "jobs",)).read())


def test_what_a_job_is_in_full() -> None:
    config = configured(CONFIG, jobs=JOBS)
    unit = [one for one in listed(config.jobs) if one.job.name == "unit"]
    assert yaml_text(rendered_jobs(unit)) == snapshot("""\
presubmits:
  acme/rocket:
  - name: unit
    labels:
      gold: 'true'
    agent: kubernetes
    cluster: default
    namespace: default
    spec:
      containers:
      - image: x
        command:
        - make
        env:
        - name: A
          value: '0755'
        - name: GOLD
          value: 'y'
    prowjob_defaults:
      tenant_id: GlobalDefaultID
    decorate: true
    decoration_config:
      timeout: 2h0m0s
      grace_period: 1m30s
      utility_images:
        clonerefs: c
        initupload: i
        entrypoint: e
        sidecar: s
      gcs_configuration:
        bucket: b
        path_strategy: explicit
      gcs_credentials_secret: ''
    context: unit
    always_run: true
    trigger: '(?m)^/test( | .* )unit,?($|\\s.*)'
    rerun_command: /test unit
""")


def test_a_default_that_says_something_is_written() -> None:
    prow = rendered(configured(CONFIG))
    assert prow["plank"]["pod_running_timeout"] == "48h0m0s"
    assert prow["sinker"] == {"resync_period": "1h0m0s", "max_prowjob_age": "168h0m0s", "max_pod_age": "24h0m0s"}


def test_nothing_stands_in_two_forms() -> None:
    prow = rendered(configured(CONFIG))
    assert prow["plank"]["report_templates"] == {"*": "{{.Spec.Job}}"}
    assert prow["tide"]["target_urls"] == {"*": "http://tide"}
    older = {"report_template", "default_decoration_configs"} & prow["plank"].keys()
    assert (older, "target_url" in prow["tide"], "viewers" in prow["deck"]["spyglass"]) == (set(), False, False)
