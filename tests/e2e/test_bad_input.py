"""What is wrong is said where its user looks, and nothing else stops working."""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx2
import pytest

from cutwater.kube.client import PROWJOB
from cutwater.prowjob.types import ProwJob
from infra.local.demo import seed
from infra.local.demo.people import Person
from infra.local.settings import ARTIFACTS_BUCKET, STATE_BUCKET
from tests.e2e.running import Running, stop
from tests.e2e.story import FAIL, PASS, Story, soon
from tests.e2e.weather import Weather
from tests.e2e.world import GLIDER, WRECK

ENDS = {PASS: "success", FAIL: "failure"}
MEGABYTE = 1024 * 1024


async def another_goes_through(platform: Running) -> None:
    """A pull request of somebody else's."""
    story = Story(platform)
    await story.open()
    assert await story.ends() == ENDS


# Webhooks


def signed(platform: Running, body: bytes, event: str, **more: str) -> dict[str, str]:
    digest = hmac.new(platform.settings.secret("hmac-token").encode(), body, hashlib.sha256).hexdigest()
    return {
        "x-github-event": event,
        "x-github-delivery": "00000000-0000-0000-0000-000000000000",
        "x-hub-signature-256": f"sha256={digest}",
        "content-type": "application/json",
        **more,
    }


OPENED = json.dumps(
    {"action": "opened", "repository": {"name": "glider", "full_name": GLIDER, "owner": {"login": "acme"}}}
).encode()


@pytest.mark.parametrize(
    "body, event, more, status, says",
    [
        pytest.param(b"{", "push", {}, 403, "invalid payload", id="no JSON"),
        pytest.param(b"[]", "push", {}, 403, "invalid payload", id="no object"),
        pytest.param(b" " * 26 * MEGABYTE, "push", {}, 413, "longer than 26214400 bytes", id="26 MB"),
        pytest.param(OPENED, "zebra", {}, 200, "Event received", id="an event that nobody knows"),
        pytest.param(OPENED, "pull_request", {}, 200, "Event received", id="a pull request that is not in it"),
        pytest.param(OPENED, "", {}, 400, "Missing X-GitHub-Event", id="no event"),
        pytest.param(
            OPENED,
            "push",
            {"x-github-delivery": "../../etc"},
            400,
            "X-GitHub-Delivery is no GUID",
            id="a path for a GUID",
        ),
        pytest.param(
            OPENED, "push", {"content-type": "application/x-www-form-urlencoded"}, 400, "content-type", id="a form"
        ),
    ],
)
async def test_webhook(
    platform: Running, body: bytes, event: str, more: dict[str, str], status: int, says: str
) -> None:
    async with httpx2.AsyncClient(timeout=60) as client:
        answer = await client.post(
            f"{platform.settings.deck}/hook", content=body, headers=signed(platform, body, event) | more
        )
    assert (answer.status_code, says in answer.text) == (status, True), answer.text


# Jobs that cannot work

JOBS = {
    "wreck-no-command": ("failure", "Job failed. test: no command specified, and there is no image"),
    "wreck-no-program": ("failure", "Job failed."),
    "wreck-no-secret": (
        "error",
        'Pod pending timeout. test: ContainerCreating: MountVolume.SetUp failed for volume "key"',
    ),
    "wreck-no-repository": ("error", "Pod pending timeout. clonerefs: has not ended"),
    "wreck-no-bucket": (
        "failure",
        "Job failed. initupload: Failed to initialize job: failed to upload to blob storage",
    ),
    "wreck-no-cluster": ("error", 'Terminal error: nonretryable error: no build client found for cluster "mars".'),
    "wreck-bad-image": ("error", "Pod pending timeout. test: InvalidImageName"),
}
"""How each job of the wreck's ends, and how the description of its ProwJob begins."""
SHOWN = 40
"""Characters of a description that GitHub shows at least: the rest may be cut off."""
NO_PROGRAM = 'exec: "no-such-program": executable file not found in $PATH'


async def wrecks(platform: Running) -> dict[str, ProwJob]:
    found = await platform.kube().read.prowjobs("default")
    return {one.spec.job: one for one in found if one.spec.refs and one.spec.refs.full_name == WRECK}


async def test_jobs_that_cannot_work(platform: Running) -> None:
    author = Person(platform.settings, seed.AUTHOR)
    await author.push(WRECK, "sink", {"hull.txt": "a hole\n"}, "Make a hole")
    number = await author.open_pull_request(WRECK, "sink", "Make a hole", "")
    await author.comment(WRECK, number, "\n".join(f"/test {name}" for name in JOBS))
    sha = (await author.ask(f"/repos/{WRECK}/pulls/{number}"))["head"]["sha"]

    async def ended() -> bool:
        jobs = await wrecks(platform)
        return len(jobs) == len(JOBS) and all(one.is_complete for one in jobs.values())

    async def reported() -> bool:
        found = await author.ask(f"/repos/{WRECK}/commits/{sha}/status")
        shown = {one["context"]: (one["state"], one["description"]) for one in found["statuses"]}
        return shown.keys() >= JOBS.keys() and all(
            shown[name][0] == state and shown[name][1].startswith(begins[:SHOWN])
            for name, (state, begins) in JOBS.items()
        )

    await another_goes_through(platform)
    await soon("all have ended", ended)
    found = {name: (job.status.state, job.status.description) for name, job in (await wrecks(platform)).items()}
    for name, (state, begins) in JOBS.items():
        assert (found[name][0], found[name][1][: len(begins)]) == (state, begins), name
    await soon("GitHub says the same", reported)
    build = (await wrecks(platform))["wreck-no-program"].status.build_id
    log = await platform.bucket().get(f"pr-logs/pull/acme_wreck/{number}/wreck-no-program/{build}/build-log.txt")
    assert log is not None
    assert NO_PROGRAM in log.body.decode()


async def test_unheard_of_job(platform: Running) -> None:
    """Who asks for a job that is not there is told which ones are."""
    story = Story(platform)
    await story.open()
    author = Person(platform.settings, seed.AUTHOR)
    await author.comment(GLIDER, story.number, "/test pull-glider-swims")

    async def answered() -> bool:
        found = await author.ask(f"/repos/{GLIDER}/issues/{story.number}/comments")
        return any("pull-glider-pass" in one["body"] and "/test" in one["body"] for one in found)

    await soon("it is told which jobs there are", answered)
    await soon("it runs on", story.ends)


@pytest.mark.parametrize(
    "spec, says",
    [
        pytest.param({"agent": "abacus"}, 'Terminal error: there is no agent "abacus"', id="agent"),
        pytest.param({"agent": "kubernetes", "cluster": "mars"}, "Terminal error: nonretryable error", id="cluster"),
        pytest.param({"agent": "kubernetes"}, "Pod can not be created: ", id="no pod spec"),
    ],
)
async def test_prowjob(platform: Running, spec: dict[str, str], says: str) -> None:
    name = f"strange-{'-'.join(spec.values())}"
    made = {
        "apiVersion": PROWJOB.api_version,
        "kind": PROWJOB.kind,
        "metadata": {"name": name},
        "spec": {"type": "periodic", "job": "strange", **spec},
        "status": {"state": "triggered", "startTime": "2026-01-01T00:00:00Z"},
    }
    await platform.kube().create(PROWJOB, "default", made)

    async def description() -> str:
        job = await platform.kube().read.prowjob("default", name)
        return job.status.description if job is not None and job.is_complete else ""

    assert (await soon("it has ended", description)).startswith(says)


# What is there, and then is not


@contextmanager
def away(platform: Running, bucket: str) -> Iterator[None]:
    """A bucket that is gone for a while."""
    _rename(platform, bucket, to="away")
    try:
        yield
    finally:
        _rename(platform, "away", to=bucket)


def _rename(platform: Running, bucket: str, *, to: str) -> None:
    with closing(sqlite3.connect(platform.settings.folder / "s3" / "keys.sqlite")) as connection, connection:
        connection.execute("update buckets set name = ? where name = ?", (to, bucket))


async def test_state_bucket_is_missing(platform: Running) -> None:
    """GitHub is told why nothing is kept; what was refused is delivered again when the bucket is there."""
    story = Story(platform)
    robot = Person(platform.settings, seed.BOT)
    hook = (await robot.ask(f"/repos/{GLIDER}/hooks"))[0]["id"]
    with away(platform, STATE_BUCKET):
        await story.open()

        async def refused() -> Any:
            for one in await robot.ask(f"/repos/{GLIDER}/hooks/{hook}/deliveries?per_page=20"):
                if one["event"] == "pull_request" and one["status_code"] == 503:
                    return await robot.ask(f"/repos/{GLIDER}/hooks/{hook}/deliveries/{one['id']}")
            return None

        delivery = await soon("GitHub shows a failed delivery", refused)
        assert "could not be kept: bucket state does not exist" in delivery["response"]["payload"]
        assert await story.runs() == []
    assert await story.ends() == ENDS


async def test_artifacts_bucket_is_missing(platform: Running) -> None:
    """The pull request says why its jobs could not run."""
    story = Story(platform)
    with away(platform, ARTIFACTS_BUCKET):
        await story.open()

        async def said() -> bool:
            jobs = await story.runs()
            return len(jobs) == 2 and all("failed to upload to blob storage" in one.status.description for one in jobs)

        await soon("both say why", said)
    await story.ends()


async def test_configuration_goes_wrong(platform: Running) -> None:
    """A bad change is named, with file, line, field and value, and changes nothing, for functions that start, too."""
    assert platform.settings.jobs is not None
    bad = platform.settings.jobs / "bad.yaml"
    bad.write_text("periodics:\n  - name: bad\n    interval: often\n    spec: {containers: [{image: x}]}\n")

    async def said() -> bool:
        return f'{bad}:3: periodics[0].interval: "often"' in platform.log("supervisor")

    try:
        await soon("the platform says what is wrong", said)
        for service in ("hook", "plugins-jobs", "plank", "crier"):
            await stop(platform, service)
        await another_goes_through(platform)
    finally:
        bad.unlink()


async def test_github_is_ill(platform: Running, weather: Weather) -> None:
    """GitHub answers with 502 for some seconds: what could not be asked or told is, afterwards."""
    story = Story(platform)
    with weather.bad():
        await story.open()
        met = weather.refused

        async def tried() -> bool:
            return weather.refused >= met + 3

        await soon("the functions have tried", tried)
        assert await story.runs() == []
    assert await story.ends() == ENDS
