"""A small configuration on disk, and the flags that name it."""

from pathlib import Path

CONFIG = """
prowjob_namespace: jobs
pod_namespace: pods
plank:
  default_decoration_config_entries:
  - config:
      timeout: 1h
      grace_period: 1s
      utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}
      gcs_configuration: {bucket: "s3://artifacts", path_strategy: explicit}
      s3_credentials_secret: credentials
"""
JOBS = """\
presubmits:
  acme/rocket:
  - name: unit
    decorate: true
    always_run: true
    branches: [main]
    labels: {colour: red}
    spec: {containers: [{image: alpine, command: [make, test]}]}
  - name: unit
    branches: [release]
    spec: {containers: [{image: alpine:3}]}
  - name: docs
    run_if_changed: ^docs/
    spec: {containers: [{image: alpine}]}
postsubmits:
  acme/rocket:
  - {name: publish, spec: {containers: [{image: alpine}]}}
periodics:
- {name: nightly, cron: '@daily', spec: {containers: [{image: alpine}]}}
"""
PLUGINS = "plugins: {acme/rocket: {plugins: [trigger]}}\n"


def write_tree(folder: Path, *, config: str = CONFIG, jobs: str = JOBS, plugins: str = PLUGINS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(config)
    (folder / "jobs.yaml").write_text(jobs)
    (folder / "plugins.yaml").write_text(plugins)
    return folder


def flags(folder: Path) -> list[str]:
    """Those that name the configuration in the folder."""
    return [
        f"--config-path={folder / 'config.yaml'}",
        f"--job-config-path={folder / 'jobs.yaml'}",
        f"--plugin-config={folder / 'plugins.yaml'}",
    ]
