"""A pull request whose job is Jenkins': from the webhook to the status on GitHub, every function at work."""

import pytest

from tests.jenkins import FakeJenkins
from tests.world import CONFIG, World, configuration

pytestmark = pytest.mark.virtual

OPERATOR = """
jenkins_operators: [{job_url_template: "https://jenkins/job/{{.Spec.Job}}/{{.Status.JenkinsBuildID}}/"}]
"""
JOBS = "presubmits: {acme/rocket: [{name: unit, agent: jenkins, always_run: true}]}"
MINUTE = 70.0


async def test_a_pull_request_is_tested_in_jenkins() -> None:
    jenkins = FakeJenkins(needs_crumb=True)
    jenkins.job("unit", parameters=("PROW_JOB_ID", "BUILD_ID", "PULL_PULL_SHA"))
    async with World(configuration(CONFIG + OPERATOR, JOBS), jenkins=lambda selector: jenkins.client()) as world:
        change = await world.github.pull_request(world.rocket, author="bob", files={"x": "y"})
        await world.settle()
        first = (await world.jobs())["unit"].metadata.name
        assert change.statuses["unit"][0] == "pending"
        assert jenkins.of(first)[0].parameters["PULL_PULL_SHA"] == change.head
        jenkins.begin(first)
        await world.settle(MINUTE)
        assert (await world.states()) == {"unit": "pending"}
        await change.push({"x": "z"})
        await world.settle(MINUTE)
        second = (await world.jobs())["unit"].metadata.name
        assert second != first
        assert jenkins.of(first)[0].result == "ABORTED"
        jenkins.begin(second)
        jenkins.end(second, "SUCCESS")
        await world.settle(MINUTE)
        assert (await world.states()) == {"unit": "success"}
        state, description = change.statuses["unit"]
        assert (state, description.split("\u2001")[0]) == ("success", "Jenkins job succeeded.")
        assert (await world.jobs())["unit"].status.url == "https://jenkins/job/unit/2/"
