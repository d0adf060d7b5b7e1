"""What a job may not say. Upstream's own cases, and the place of each in our words."""

import pytest

from tests.cutwater.config.configured import POD, configured, findings

DECORATED = """
plank:
  job_queue_capacities: {q: 1}
  default_decoration_configs:
    '*': {utility_images: {clonerefs: a, initupload: b, entrypoint: c, sidecar: d},
          gcs_configuration: {bucket: b, path_strategy: explicit}}
"""
CONTAINER = "image: x, command: [make]"


def presubmits(*jobs: str) -> str:
    return "presubmits:\n  acme/rocket:\n" + "".join(f"  - {{{job}}}\n" for job in jobs)


def periodics(*jobs: str) -> str:
    return "periodics:\n" + "".join(f"- {{{job}}}\n" for job in jobs)


def pod(text: str, more: str = "decorate: true") -> str:
    return presubmits(f"name: a, {more}, spec: {{{text}}}")


@pytest.mark.parametrize(
    "jobs, wrong",
    [
        pytest.param(presubmits(f"{POD}"), 'name: "" must match regex "^[A-Za-z0-9-._]+$"', id="no name"),
        pytest.param(presubmits(f"name: a/b, {POD}"), 'name: "a/b" must match regex', id="a slash in a name"),
        pytest.param(
            presubmits(f"name: a, max_concurrency: -1, {POD}"), "-1 must be a non-negative number", id="negative"
        ),
        pytest.param(
            presubmits(f"name: a, labels: {{created-by-prow: x}}, {POD}"),
            "set by the system itself",
            id="reserved label",
        ),
        pytest.param(
            presubmits(f"name: a, labels: {{a: 'b c'}}, {POD}"), '"b c" is not a label\'s value', id="bad label"
        ),
        pytest.param(
            presubmits(f"name: a, annotations: {{'a b': c}}, {POD}"), "is not an annotation's name", id="bad annotation"
        ),
        pytest.param(
            presubmits(f"name: a, job_queue_name: nowhere, {POD}"), '"nowhere" is no queue of', id="unknown queue"
        ),
        pytest.param(presubmits("name: a"), "agent kubernetes needs a pod spec", id="no pod spec"),
        pytest.param(
            presubmits(f"name: a, agent: jenkins, {POD}"), 'for agent kubernetes, not "jenkins"', id="pod in Jenkins"
        ),
        pytest.param(presubmits("name: a, agent: tekton-pipeline"), "tekton-pipeline needs one", id="no pipeline"),
        pytest.param(
            presubmits(f"name: a, pipeline_run_spec: {{}}, {POD}"),
            "is for agent tekton-pipeline",
            id="a pipeline elsewhere",
        ),
        pytest.param(
            presubmits("name: a, agent: jenkins, decorate: true"),
            "decoration is for agent kubernetes",
            id="decorated Jenkins",
        ),
        pytest.param(
            presubmits("name: a, agent: jenkins, error_on_eviction: true"),
            "is for agent kubernetes",
            id="evicted Jenkins",
        ),
        pytest.param(
            presubmits(f"name: a, namespace: mine, {POD}"), '"mine" must be "default"', id="namespace of its own"
        ),
        pytest.param(pod("containers: []"), "must specify at least 1 container", id="no container"),
        pytest.param(
            pod(f"initContainers: [{{name: i}}], containers: [{{{CONTAINER}}}]"),
            "only for sidecars",
            id="init container",
        ),
        pytest.param(
            pod(f"containers: [{{name: a, {CONTAINER}}}, {{name: b, {CONTAINER}}}]", "decorate: false"),
            "decoration must be enabled to use multiple containers",
            id="two containers without decoration",
        ),
        pytest.param(
            pod(f"containers: [{{name: a, {CONTAINER}}}, {{{CONTAINER}}}]"),
            "container does not have name",
            id="nameless",
        ),
        pytest.param(
            pod(f"containers: [{{name: a, {CONTAINER}}}, {{name: a, {CONTAINER}}}]"),
            "defined more than once",
            id="namesakes",
        ),
        pytest.param(
            pod(f"containers: [{{name: a, {CONTAINER}}}, {{name: sidecar, {CONTAINER}}}]"),
            "reserved name",
            id="a utility's name",
        ),
        pytest.param(
            pod(f"containers: [{{{CONTAINER}, env: [{{name: A}}, {{name: A}}]}}]"),
            '"A" is defined more',
            id="a variable twice",
        ),
        pytest.param(
            pod(f"containers: [{{{CONTAINER}, env: [{{name: PULL_NUMBER}}]}}]"), '"PULL_NUMBER" is set by', id="ours"
        ),
        pytest.param(
            pod(f"volumes: [{{name: v}}, {{name: v}}], containers: [{{{CONTAINER}}}]"),
            '"v" is defined more',
            id="a volume twice",
        ),
        pytest.param(
            pod(f"volumes: [{{name: logs}}], containers: [{{{CONTAINER}}}]"),
            "reserved name for decoration",
            id="our volume",
        ),
        pytest.param(
            pod(f"containers: [{{{CONTAINER}, volumeMounts: [{{name: v, mountPath: /v}}]}}]"),
            'mount "v" refers to no volume of the pod',
            id="an unknown volume",
        ),
        pytest.param(
            pod(f"containers: [{{{CONTAINER}, volumeMounts: [{{name: code, mountPath: /v}}]}}]"),
            'mount name "code" is reserved',
            id="a reserved mount",
        ),
        pytest.param(
            pod(
                f"volumes: [{{name: v}}], containers: [{{{CONTAINER}, volumeMounts: [{{name: v, mountPath: /logs}}]}}]"
            ),
            "conflicts with decoration",
            id="a reserved place",
        ),
        pytest.param(pod("containers: [{image: x}]"), "must specify command and/or args", id="nothing to run"),
        pytest.param(
            pod(f"containers: [{{{CONTAINER}}}]", "rerun_auth_config: {allow_anyone: true, github_users: [x]}"),
            "allow anyone is set to true and permitted users or groups are specified",
            id="anyone and somebody",
        ),
        pytest.param(
            pod(
                f"containers: [{{{CONTAINER}}}]",
                "decorate: true, clone_uri: 'git@x:y', decoration_config: {oauth_token_secret: {name: t, key: k}}",
            ),
            "must be an http or https address",
            id="a token for ssh",
        ),
        pytest.param(
            presubmits(
                f"name: a, decorate: true, decoration_config: {{gcs_configuration: {{path_strategy: odd}}}}, {POD}"
            ),
            '"odd" is not one of legacy, single, explicit',
            id="a strategy",
        ),
        pytest.param(
            presubmits(
                f"name: a, decorate: true, decoration_config: {{gcs_configuration: {{path_strategy: single}}}}, {POD}"
            ),
            "default_org and default_repo are needed for single paths",
            id="a strategy that needs more",
        ),
        pytest.param(presubmits(f"name: a, branches: ['('], {POD}"), "missing closing )", id="no pattern"),
        pytest.param(
            presubmits(f"name: a, run_if_changed: '(?=a)', {POD}"), "unsupported Perl syntax", id="look-ahead"
        ),
        pytest.param(
            presubmits(f"name: a, always_run: true, run_if_changed: x, {POD}"),
            "job a is set to always run but also declares run_if_changed targets, which are mutually exclusive",
            id="always and sometimes",
        ),
        pytest.param(
            presubmits(f"name: a, run_if_changed: x, skip_if_only_changed: z, {POD}"),
            "job a declares run_if_changed and skip_if_only_changed, which are mutually exclusive",
            id="run and skip",
        ),
        pytest.param(presubmits(f"name: a, trigger: x, {POD}"), "rerun_command is not", id="a trigger alone"),
        pytest.param(
            presubmits(f"name: a, trigger: '^/x', rerun_command: /z, {POD}"),
            '"/z" does not match trigger "^/x"',
            id="unheard",
        ),
        pytest.param(
            periodics(f"name: a, {POD}"), "at least one of cron, interval, or minimum_interval must be", id="no time"
        ),
        pytest.param(
            periodics(f"name: a, interval: 1h, minimum_interval: 1h, {POD}"),
            "are mutually exclusive in periodic a",
            id="times",
        ),
        pytest.param(
            periodics(f"name: a, cron: hello, {POD}"), "expected 5 to 6 fields, found 1: [hello]", id="no cron"
        ),
        pytest.param(
            periodics(f"name: a, cron: 'TZ=Middle/Earth 1 1 1 1 1', {POD}"), "unknown time zone", id="no time zone"
        ),
        pytest.param(periodics(f"name: a, interval: hello, {POD}"), '"hello" is not a duration', id="no interval"),
        pytest.param(
            periodics(f"name: a, interval: 1h, retry: {{attempts: 1}}, {POD}"), 'interval: "" is not', id="retry"
        ),
    ],
)
def test_what_is_wrong_with_a_job(jobs: str, wrong: str) -> None:
    (found,) = findings(DECORATED, jobs=jobs)
    assert wrong in found


@pytest.mark.parametrize(
    "jobs",
    [
        pytest.param(presubmits("name: a, agent: random-agent"), id="an unknown agent"),
        pytest.param(presubmits("name: folder/job, agent: jenkins"), id="a folder in Jenkins"),
        pytest.param(
            pod(
                f"volumes: [{{name: v}}], containers: [{{{CONTAINER}, volumeMounts: [{{name: v, mountPath: /home}}]}}]"
            ),
            id="a mount above ours",
        ),
        pytest.param(
            pod(f"containers: [{{{CONTAINER}, volumeMounts: [{{name: gcs-credentials, mountPath: /c}}]}}]"),
            id="a mount of what decoration brings",
        ),
        pytest.param(
            pod(f"initContainers: [{{name: i, restartPolicy: Always}}], containers: [{{{CONTAINER}}}]"), id="a sidecar"
        ),
        pytest.param(periodics(f"name: a, cron: '0 05 15 * * 1-5', {POD}"), id="a cron with seconds"),
        pytest.param(periodics(f"name: a, cron: 'CRON_TZ=Asia/Tokyo 0 9 * * *', {POD}"), id="a cron with a time zone"),
        pytest.param(periodics(f"name: a, interval: 6h, retry: {{interval: 10ns}}, {POD}"), id="a retry"),
        pytest.param(
            presubmits(f"name: a, branches: [x], {POD}", f"name: a, branches: [z], {POD}"),
            id="namesakes that never meet",
        ),
        pytest.param(
            presubmits(f"name: a, branches: [x], context: c, {POD}", f"name: b, branches: [z], context: c, {POD}"),
            id="one context on two branches",
        ),
        pytest.param(
            presubmits(f"name: a, {POD}") + periodics(f"name: a, interval: 1h, {POD}"), id="kinds do not clash"
        ),
    ],
)
def test_what_is_right(jobs: str) -> None:
    assert findings(DECORATED, jobs=jobs) == []


def test_jobs_among_each_other() -> None:
    jobs = presubmits(f"name: a, {POD}", f"name: a, {POD}", f"name: b, context: a, {POD}")
    assert findings(jobs=jobs) == [
        'jobs.yaml:4: presubmits["acme/rocket"][1].name: duplicated presubmit jobs '
        "(consider both inrepo and central config): a, first in jobs.yaml:3",
        'jobs.yaml:5: presubmits["acme/rocket"][2].context: jobs a and b report to the same GitHub context "a"',
    ]


def test_periodics_among_each_other() -> None:
    jobs = periodics(f"name: a, interval: 1h, {POD}", f"name: a, interval: 2h, {POD}")
    assert findings(jobs=jobs) == ["jobs.yaml:3: periodics[1].name: duplicated periodic job: a, first in jobs.yaml:2"]


def test_everything_wrong_is_found_at_once() -> None:
    jobs = presubmits("name: a, max_concurrency: -1", f"name: b c, {POD}") + periodics(f"name: p, {POD}")
    assert [finding.split(":")[1] for finding in findings("log_level: loud", jobs=jobs)] == ["1", "3", "3", "4", "6"]


def test_a_job_knows_where_it_stands() -> None:
    (job,) = configured(jobs="# a comment\n" + presubmits(f"name: a, {POD}")).jobs.presubmits_of("acme", "rocket")
    assert (job.origin.file, job.origin.line, job.origin.path) == ("jobs.yaml", 4, ("presubmits", "acme/rocket", 0))
