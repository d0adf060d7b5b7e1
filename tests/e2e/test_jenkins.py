"""`cutwater up` with a real Jenkins beside it: a pull request is tested there, and deck shows the log."""

from pathlib import Path

import httpx2
import pytest

from tests.contract.jenkins.real import started
from tests.contract.jenkins.server import TEXT
from tests.e2e.story import soon
from tests.e2e.test_up import REPOSITORY, five_ports, has_passed, propose, up

CONFIG = """
prowjob_namespace: default
pod_namespace: test-pods
jenkins_operators: [{job_url_template: "https://jenkins/job/{{.Spec.Job}}/{{.Status.JenkinsBuildID}}/"}]
"""
JOBS = f"presubmits: {{{REPOSITORY}: [{{name: kite-in-jenkins, agent: jenkins, always_run: true}}]}}\n"
PLUGINS = f"plugins: {{{REPOSITORY}: {{plugins: [trigger]}}}}\n"


@pytest.mark.xdist_group("jenkins")
async def test_a_pull_request_is_tested_in_jenkins(tmp_path: Path) -> None:
    for name, text in (("config.yaml", CONFIG), ("jobs.yaml", JOBS), ("plugins.yaml", PLUGINS)):
        (tmp_path / name).write_text(text)
    (tmp_path / "jenkins").mkdir()
    with started(tmp_path / "jenkins") as jenkins:
        await jenkins.make("kite-in-jenkins", "passes")
        async with up(tmp_path, five_ports(), "--jenkins", str(jenkins.file())) as running:
            number = await propose(running, tmp_path / "kite")
            await soon("its test has passed", lambda: has_passed(running, number, "kite-in-jenkins"))
            async with httpx2.AsyncClient(base_url=running.settings.deck) as deck:
                (run,) = (await deck.get("/prowjobs.js")).json()["items"]
                page = await deck.get("/log", params={"job": run["spec"]["job"], "id": run["status"]["build_id"]})
                assert TEXT in page.text
