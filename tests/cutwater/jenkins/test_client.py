"""What becomes of a request to a Jenkins that fails, forbids, hangs, or sends people elsewhere."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.responses import Response

from cutwater.jenkins.errors import Denied, Unanswered
from tests.jenkins import FakeJenkins

pytestmark = pytest.mark.virtual

START = "/job/unit/buildWithParameters"


def jenkins(*answers: Response | None, needs_crumb: bool = False) -> FakeJenkins:
    """One that gives these answers first (None: its own), and the last of them from then on."""
    made = FakeJenkins(needs_crumb=needs_crumb)
    made.job("unit")
    left: Iterator[Response | None] = iter(answers)
    last: list[Response | None] = [None]

    async def fail(method: str, path: str) -> Response | None:
        last[0] = next(left, last[0])
        return last[0]

    made.fails = fail
    return made


@pytest.mark.parametrize("times", [1, 4])
async def test_a_question_is_asked_again(times: int) -> None:
    here = jenkins(*[Response(status_code=502)] * times, None)
    assert await here.client().read.queue() == []
    assert len(here.asked) == times + 1


async def test_a_question_is_not_asked_for_ever() -> None:
    here = jenkins(Response(status_code=500))
    with pytest.raises(Unanswered, match="it answers 500 Internal Server Error to GET /job/unit/api/json"):
        await here.client().read.builds("/job/unit")
    assert len(here.asked) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 409])
async def test_a_refusal_is_final(status: int) -> None:
    here = jenkins(Response(status_code=status))
    with pytest.raises(Denied, match=f"it answers {status}"):
        await here.client().read.queue()
    assert len(here.asked) == 1


async def test_a_start_is_not_repeated() -> None:
    here = jenkins(Response(status_code=502))
    with pytest.raises(Unanswered, match="it answers 502 Bad Gateway to POST"):
        await here.client().start("/job/unit", {})
    assert here.asked == [f"POST {START}"]


async def test_silence_is_waited_for_for_a_while() -> None:
    here = FakeJenkins()

    async def hang(method: str, path: str) -> Response | None:
        await asyncio.sleep(3600)
        return None

    here.fails = hang
    for call in (here.client().read.queue(), here.client().start("/job/unit", {})):
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unanswered, match=r"it does not answer .* in 15 s"):
            await call
        assert asyncio.get_running_loop().time() - began == pytest.approx(15)


async def test_a_crumb_is_fetched_when_it_is_asked_for_and_again_when_it_is_old() -> None:
    here = jenkins(needs_crumb=True)
    client = here.client()
    await client.start("/job/unit", {"PROW_JOB_ID": "a"})
    await client.start("/job/unit", {"PROW_JOB_ID": "b"})
    assert len(here.asked) == 3
    here.restart()
    await client.start("/job/unit", {"PROW_JOB_ID": "c"})
    assert len(here.asked) == 5
    assert [made.parameters["PROW_JOB_ID"] for made in here.queue] == ["a", "b", "c"]


async def test_forbidden_without_crumbs() -> None:
    here = jenkins(Response(status_code=403), None)
    with pytest.raises(Denied, match="it answers 403 Forbidden to POST"):
        await here.client().start("/job/unit", {})
    assert here.queue == []


@pytest.mark.parametrize(
    ("location", "is_done"),
    [
        pytest.param("http://jenkins/job/unit/", True, id="to the job, as old servers do"),
        pytest.param("http://proxy/jenkins/job/unit/", True, id="to the job, by another name"),
        pytest.param("/login?from=%2Fjob%2Funit", False, id="to log in"),
        pytest.param("http://sso/login?next=/job/unit/", False, id="to log in elsewhere"),
    ],
)
async def test_where_a_start_is_sent_to(location: str, is_done: bool) -> None:
    client = jenkins(Response(status_code=302, headers={"location": location})).client()
    if is_done:
        await client.start("/job/unit", {})
        return
    with pytest.raises(Denied, match="it answers 302 Found to POST"):
        await client.start("/job/unit", {})


@pytest.mark.parametrize("body", ["[]", "3", "null", '{"items": 3}'])
async def test_json_of_another_kind(body: str) -> None:
    with pytest.raises(Unanswered):
        await jenkins(Response(body)).client().read.queue()


async def test_items_that_cannot_be_read_hide_no_others() -> None:
    good = '{"id": 3, "actions": [null, {}, {"parameters": [{"name": "PROW_JOB_ID", "value": "a"}]}]}'
    strange = '{"id": 4, "actions": [{"parameters": [{"name": "PROW_JOB_ID", "value": 7}]}]}'
    found = await jenkins(Response(f'{{"items": ["x", {strange}, {good}]}}')).client().read.queue()
    assert [each.prow_job_id for each in found] == ["", "a"]


async def test_a_log_ends_its_lines_as_they_were_written() -> None:
    here = jenkins()
    await here.client().start("/job/unit", {"PROW_JOB_ID": "a"})
    here.begin("a").log = b"one\ntwo\rthree\n"
    async with here.client().console("/job/unit", 1, 0) as console:
        assert b"".join([chunk async for chunk in console.text]) == b"one\ntwo\rthree\n"
