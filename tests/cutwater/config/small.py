"""A small configuration that is right and uses nearly everything, for tests that break it."""

from datetime import UTC, datetime

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from functions.plugins.sections import SECTIONS

CONFIG = """\
log_level: info
prowjob_namespace: prow
pod_namespace: test-pods
github:
  link_url: https://github.com
status_error_link: https://acme.example/help
plank:
  job_url_template: 'https://prow.acme.example/{{.Spec.Job}}'
  report_templates:
    '*': 'See {{.Status.URL}}'
  max_concurrency: 100
  pod_pending_timeout: 15m
  job_url_prefix_config:
    '*': https://prow.acme.example/view/
  job_queue_capacities:
    rockets: 5
  default_decoration_config_entries:
  - config:
      timeout: 2h
      grace_period: 15m
      utility_images:
        clonerefs: acme/clonerefs:v1
        initupload: acme/initupload:v1
        entrypoint: acme/entrypoint:v1
        sidecar: acme/sidecar:v1
      gcs_configuration:
        bucket: acme-logs
        path_strategy: legacy
        default_org: acme
        default_repo: rocket
      gcs_credentials_secret: service-account
      resources:
        sidecar:
          requests:
            memory: 20Mi
sinker:
  resync_period: 1h
  max_pod_age: 24h
deck:
  spyglass:
    size_limit: 500000000
    lenses:
    - lens:
        name: buildlog
      required_files:
      - ^build-log\\.txt$
  rerun_auth_configs:
    '*':
      github_users:
      - alice
horologium:
  tick_interval: 1m
github_reporter:
  job_types_to_report:
  - presubmit
slack_reporter_configs:
  acme:
    channel: builds
    report_template: '{{.Spec.Job}} ended'
in_repo_config:
  enabled:
    acme/rocket: true
  allowed_clusters:
    acme: [default]
managed_webhooks:
  org_repo_config:
    acme:
      token_created_after: 2020-01-02T03:04:05Z
gerrit:
  tick_interval: 1m
  allowed_presubmit_trigger_re: ^/test
gangway:
  allowed_api_clients:
  - gcp:
      endpoint_api_consumer_type: PROJECT
      endpoint_api_consumer_number: '123'
    allowed_jobs_filters:
    - tenant_id: acme
branch-protection:
  protect: false
  orgs:
    acme:
      repos:
        rocket:
          protect: true
          required_status_checks:
            contexts:
            - license
tide:
  sync_period: 1m
  merge_method:
    acme/rocket: squash
  queries:
  - repos:
    - acme/rocket
    labels:
    - lgtm
    missingLabels:
    - do-not-merge/hold
  - orgs:
    - umbrella
    excludedRepos:
    - umbrella/secret
    includedBranches:
    - main
  context_options:
    from-branch-protection: true
"""
JOBS = """\
presets:
- labels:
    preset-cache: 'true'
  env:
  - name: CACHE
    value: /cache
  volumes:
  - name: cache
    emptyDir: {}
  volumeMounts:
  - name: cache
    mountPath: /cache
presubmits:
  acme/rocket:
  - name: unit
    always_run: true
    decorate: true
    max_concurrency: 3
    branches:
    - main
    labels:
      preset-cache: 'true'
    annotations:
      team: engines
    extra_refs:
    - org: acme
      repo: engine
      base_ref: main
    decoration_config:
      timeout: 1h
    spec:
      containers:
      - image: golang:1.26
        command: [make]
        args: [test]
        env:
        - name: GOFLAGS
          value: -race
        resources:
          requests:
            memory: 1Gi
  - name: flight
    decorate: true
    run_if_changed: ^src/
    trigger: (?m)^/test( | .* )flight,?($|\\s.*)
    rerun_command: /test flight
    job_queue_name: rockets
    spec:
      containers:
      - image: golang:1.26
        command: [make]
  - name: docs
    skip_if_only_changed: ^src/
    decorate: true
    optional: true
    spec:
      containers:
      - image: golang:1.26
        command: [make, docs]
postsubmits:
  acme/rocket:
  - name: publish
    decorate: true
    branches: [^main$]
    spec:
      containers:
      - image: golang:1.26
        command: [make, publish]
periodics:
- name: nightly
  cron: 0 3 * * *
  decorate: true
  extra_refs:
  - {org: acme, repo: rocket, base_ref: main}
  reporter_config:
    slack:
      channel: builds
  spec:
    containers:
    - image: golang:1.26
      command: [make, soak]
- name: hourly
  interval: 1h
  decorate: true
  spec:
    containers:
    - image: golang:1.26
      command: [make, probe]
"""
MORE_JOBS = """\
periodics:
- name: weekly
  minimum_interval: 168h
  decorate: true
  spec:
    containers:
    - image: golang:1.26
      command: [make, weekly]
"""
PLUGINS = """\
plugins:
  acme:
    plugins:
    - trigger
    - size
    excluded_repos:
    - secret
  acme/rocket:
    plugins:
    - lgtm
    - blunderbuss
external_plugins:
  acme/rocket:
  - name: refresh
    endpoint: http://refresh
owners:
  mdyamlrepos:
  - acme/rocket
triggers:
- repos:
  - acme
  only_org_members: true
lgtm:
- repos:
  - acme
  review_acts_as_lgtm: true
approve:
- repos:
  - acme
  require_self_approval: true
blunderbuss:
  request_count: 2
heart:
  commentregexp: (?i)thanks
size:
  s: 10
  m: 30
  l: 100
  xl: 500
  xxl: 1000
config_updater:
  maps:
    config/config.yaml:
      name: config
    config/jobs/**/*.yaml:
      name: job-config
      clusters:
        default: [prow]
require_matching_label:
- org: acme
  prs: true
  regexp: ^kind/
  missing_label: needs-kind
  grace_period: 5s
repo_milestone:
  acme/rocket:
    maintainers_team: pilots
project_manager:
  orgsRepos:
    acme/rocket:
      projects:
        launch:
          columns:
          - name: todo
            labels: [kind/bug]
            org: acme
label:
  additional_labels: [urgent]
  restricted_labels:
    acme:
    - label: launch
      allowed_teams: [pilots]
welcome:
- repos: [acme]
  message_template: Hello {{.AuthorLogin}}
"""
SUPPLEMENTAL = """\
slack_reporter_configs:
  umbrella:
    channel: rain
branch-protection:
  orgs:
    umbrella:
      protect: true
"""
SUPPLEMENTAL_PLUGINS = """\
plugins:
  umbrella:
    plugins:
    - trigger
"""
FILES = {
    "config.yaml": CONFIG,
    "jobs.yaml": JOBS,
    "more-jobs.yaml": MORE_JOBS,
    "plugins.yaml": PLUGINS,
    "umbrella_prowconfig.yaml": SUPPLEMENTAL,
    "umbrella_pluginconfig.yaml": SUPPLEMENTAL_PLUGINS,
}


def sources(files: dict[str, str]) -> Sources:
    """The sources of texts by the names that FILES has."""
    found = {name: Source(name, text.encode()) for name, text in files.items()}
    return Sources(
        config=found["config.yaml"],
        jobs=(found["jobs.yaml"], found["more-jobs.yaml"]),
        plugins=found["plugins.yaml"],
        supplemental=(found["umbrella_prowconfig.yaml"],),
        supplemental_plugins=(found["umbrella_pluginconfig.yaml"],),
    )


def loaded(files: dict[str, str]) -> Configuration:
    """Raises ConfigError."""
    return load(sources(files), strict=True, sections=SECTIONS, now=datetime(2026, 1, 1, tzinfo=UTC))
