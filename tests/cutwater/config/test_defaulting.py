from datetime import timedelta

import pytest

from cutwater.config.configuration import Configuration
from cutwater.config.defaulting import completed
from cutwater.prowjob.decoration import Decoration, SchedulingOptions, StorageConfiguration, UtilityImages
from tests.cutwater.config.configured import POD, configured, findings

IMAGES = "{clonerefs: a, initupload: b, entrypoint: c, sidecar: d}"
ENTRIES = f"""
decorate_all_jobs: true
plank:
  default_decoration_config_entries:
  - config: {{timeout: 2h, grace_period: 15s, utility_images: {IMAGES}, gcs_credentials_secret: all,
             gcs_configuration: {{bucket: b, path_strategy: explicit}}}}
  - {{repo: acme, config: {{timeout: 3h}}}}
  - {{repo: acme/rocket, config: {{grace_period: 1m}}}}
  - {{cluster: arm, config: {{gcs_credentials_secret: ""}}}}
"""


def decoration(config: Configuration, repository: str = "acme/rocket") -> Decoration:
    found = config.jobs.presubmits[repository][0].decoration_config
    assert found is not None
    return found


def presubmit_in(repository: str, **fields: str) -> str:
    said = "".join(f"\n    {key}: {value}" for key, value in fields.items())
    return f"presubmits:\n  {repository}:\n  - name: unit\n    {POD}{said}\n"


def test_a_presubmit_that_says_little() -> None:
    (job,) = configured("pod_namespace: pods", jobs=presubmit_in("acme/rocket")).jobs.presubmits_of("acme", "rocket")
    assert (job.agent, job.cluster, job.namespace, job.context) == ("kubernetes", "default", "pods", "unit")
    assert (job.trigger, job.rerun_command) == (r"(?m)^/test( | .* )unit,?($|\s.*)", "/test unit")
    assert (job.decorate, job.decoration_config) == (False, None)
    assert job.prowjob_defaults is not None and job.prowjob_defaults.tenant_id == "GlobalDefaultID"


@pytest.mark.parametrize(
    "repository, fields, timeout, grace, secret",
    [
        pytest.param("other/repo", {}, "2h0m0s", "15s", "all", id="everybody's"),
        pytest.param("acme/engine", {}, "3h0m0s", "15s", "all", id="the organisation's"),
        pytest.param("acme/rocket", {}, "3h0m0s", "1m0s", "all", id="the repository's on top"),
        pytest.param("https://acme/rocket", {}, "3h0m0s", "1m0s", "all", id="a Gerrit repository without its scheme"),
        pytest.param("acme/rocket", {"cluster": "arm"}, "3h0m0s", "1m0s", "", id="the cluster's; empty is said"),
        pytest.param("acme/rocket", {"decoration_config": "{timeout: 5m}"}, "5m0s", "1m0s", "all", id="its own first"),
    ],
)
def test_the_layers_of_decoration(
    repository: str, fields: dict[str, str], timeout: str, grace: str, secret: str
) -> None:
    found = decoration(configured(ENTRIES, jobs=presubmit_in(repository, **fields)), repository)
    assert (found.timeout, found.grace_period, found.gcs_credentials_secret) == (timeout, grace, secret)


def test_a_job_may_do_without_decoration() -> None:
    config = configured(ENTRIES, jobs=presubmit_in("acme/rocket", decorate="false"))
    assert config.jobs.presubmits["acme/rocket"][0].decoration_config is None


def test_the_older_map_goes_from_all_to_one() -> None:
    text = "plank: {default_decoration_configs: {acme/rocket: {timeout: 3m}, acme: {timeout: 2m, grace_period: 2s}, "
    common = (
        f"'*': {{timeout: 1m, utility_images: {IMAGES}, gcs_configuration: {{bucket: b, path_strategy: explicit}}}}}}}}"
    )
    found = decoration(configured(text + common, jobs=presubmit_in("acme/rocket", decorate="true")))
    assert (found.timeout, found.grace_period) == ("3m0s", "2s")


def test_a_periodic_is_looked_up_by_its_first_extra_ref() -> None:
    jobs = f"periodics:\n- {{name: p, interval: 1h, {POD}, extra_refs: [{{org: acme, repo: rocket, base_ref: main}}]}}"
    (job,) = configured(ENTRIES, jobs=jobs).jobs.periodics
    assert job.decoration_config is not None and job.decoration_config.grace_period == "1m0s"


def test_what_completes_what() -> None:
    default = Decoration(
        utility_images=UtilityImages(clonerefs="a", sidecar="d"),
        gcs_configuration=StorageConfiguration(bucket="b", media_types={"log": "theirs", "x": "x"}),
        scheduling_options=SchedulingOptions(affinity={"a": 1}),
        censor_secrets=True,
        ssh_key_secrets=("s",),
    )
    own = Decoration(
        utility_images=UtilityImages(clonerefs="mine"),
        gcs_configuration=StorageConfiguration(path_strategy="single", media_types={"log": "mine"}),
        censor_secrets=False,
    )
    assert completed(own, default) == Decoration(
        utility_images=UtilityImages(clonerefs="mine", sidecar="d"),
        gcs_configuration=StorageConfiguration(
            bucket="b", path_strategy="single", media_types={"log": "theirs", "x": "x"}
        ),
        scheduling_options=SchedulingOptions(affinity={"a": 1}),
        censor_secrets=False,
        ssh_key_secrets=("s",),
    )


PRESETS = """
presets:
- labels: {docker: "true"}
  env: [{name: DOCKER, value: 'true'}]
  volumes: [{name: graph, emptyDir: {}}]
  volumeMounts: [{name: graph, mountPath: /graph}]
  tolerations: [{key: k}]
- env: [{name: EVERYWHERE, value: '1'}]
"""


def test_presets_by_label_and_for_all() -> None:
    config = configured(PRESETS, jobs=presubmit_in("acme/rocket", labels='{docker: "true"}'))
    pod = config.jobs.presubmits["acme/rocket"][0].spec
    assert pod is not None
    assert pod["containers"][0]["env"] == [{"name": "DOCKER", "value": "true"}, {"name": "EVERYWHERE", "value": "1"}]
    assert pod["containers"][0]["volumeMounts"] == [{"name": "graph", "mountPath": "/graph"}]
    assert (pod["volumes"], pod["tolerations"]) == ([{"name": "graph", "emptyDir": {}}], [{"key": "k"}])


def test_another_value_of_the_label_is_another_label() -> None:
    config = configured(PRESETS, jobs=presubmit_in("acme/rocket", labels='{docker: "false"}'))
    pod = config.jobs.presubmits["acme/rocket"][0].spec
    assert pod is not None and "volumes" not in pod


def test_what_a_preset_would_add_twice() -> None:
    jobs = "presubmits:\n  a/b:\n  - name: p\n    spec: {containers: [{image: x, env: [{name: EVERYWHERE}]}]}\n"
    assert findings(PRESETS, jobs=jobs) == [
        'jobs.yaml:4: presubmits["a/b"][0].spec: env var duplicated in pod spec: EVERYWHERE',
    ]


def test_a_label_of_two_presets() -> None:
    text = "presets:\n- labels: {a: b}\n- labels: {a: b, c: d}\n"
    assert findings(text) == ["config.yaml:3: presets: preset label a: b is given twice, first in config.yaml:2"]


def test_sections_that_say_nothing() -> None:
    prow = configured("").prow
    assert (prow.prowjob_namespace, prow.pod_namespace, prow.log_level) == ("default", "default", "info")
    assert prow.plank.pod_pending_timeout == timedelta(minutes=10)
    assert (prow.sinker.pod_ttl, prow.tide.status_period) == (timedelta(days=1), timedelta(minutes=1))
    assert prow.in_repo_config.allowed_clusters == {"*": ("default",)}
    assert prow.github_reporter.job_types_to_report == ("presubmit", "postsubmit")


def test_sections_that_say_nothing_in_many_words() -> None:
    prow = configured("prowjob_namespace: ''\nplank: {max_goroutines: 0}\ndeck: {spyglass: {size_limit: 0}}").prow
    assert (prow.prowjob_namespace, prow.plank.max_goroutines) == ("default", 20)
    assert prow.deck.spyglass.size_limit == 100_000_000


def test_one_value_stands_for_all_repositories() -> None:
    prow = configured("plank: {report_template: x}\ntide: {target_url: u, pr_status_base_url: z}").prow
    assert prow.plank.report_templates == {"*": "x"}
    assert (prow.tide.target_urls, prow.tide.pr_status_base_urls) == ({"*": "u"}, {"*": "z"})
