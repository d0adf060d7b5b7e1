"""deck through its front door: pages, files, logs, and everything that is hostile in them."""

import gzip
import re

import pytest

from functions.deck.pages import ago, size, span, web
from tests.functions.deck.site import CONFIG, NOW, RUN, Site, decoded

XSS = "<script>alert('x')</script>"
VIEW = f"/view/s3/artifacts/{RUN}"
LOG = f"s3/artifacts/{RUN}/build-log.txt"


def lines_of(html: str) -> list[str]:
    """The texts of the log's lines on a page."""
    return [re.sub(r"<[^>]*>", "", line) for line in re.findall(r'<span class="t">(.*)</span></div>', html)]


# The list


async def test_the_list() -> None:
    site = Site()
    await site.run("unit", state="failure")
    await site.run("flight", build="2", pull=8)
    page = await site.get("/")
    assert page.status == 200
    assert f'href="{VIEW}"' in page.text
    assert "1–2 of 2 runs" in page.text
    assert 'href="https://github.com/acme/rocket/pull/8"' in page.text


@pytest.mark.parametrize(
    "query, jobs",
    [
        ("", ["flight", "unit"]),
        ("job=un", ["unit"]),
        ("job=%2Aigh%2A", ["flight"]),
        ("state=failure", ["unit"]),
        ("pull=8", ["flight"]),
        ("author=alice", []),
        ("page=99", ["flight", "unit"]),
        ("page=-1&x=y", ["flight", "unit"]),
    ],
)
async def test_filters(query: str, jobs: list[str]) -> None:
    site = Site()
    await site.run("unit", state="failure")
    await site.run("flight", build="2", pull=8)
    page = await site.get(f"/?{query}", x_part="found")
    assert "<html" not in page.text
    assert re.findall(r'class="job" href="[^"]*">(\w+)<', page.text) == jobs


async def test_what_authors_write_is_text() -> None:
    site = Site()
    pulls = [{"number": 1, "author": XSS, "sha": "c" * 40, "title": XSS, "link": "javascript:alert(1)"}]
    refs = {"org": "acme", "repo": "r", "repo_link": "data:text/html,x", "base_ref": XSS, "pulls": pulls}
    await site.run("unit", refs=refs, status={"description": XSS, "url": "javascript:alert(1)"}, context=XSS)
    run = "pr-logs/pull/acme_r/1/unit/1"
    await site.bucket.put(f"{run}/build-log.txt", f"{XSS}\n\x1b[31m{XSS}\n".encode())
    await site.bucket.put(f"{run}/artifacts/{XSS}.txt", b"x")
    await site.bucket.put(f"{run}/started.json", b'{"metadata": {"' + XSS.encode() + b'": "' + XSS.encode() + b'"}}')
    for address in ("/", f"/?job={XSS}", f"/view/s3/artifacts/{run}", f"/view/s3/artifacts/{run}?find={XSS}"):
        page = await site.get(address)
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert not re.search(r'href="(javascript|data):', page.text)
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert not re.search(r"\son\w+=|\sstyle=|<script>", page.text), "nothing inline"


async def test_hidden_runs_are_nowhere() -> None:
    site = Site(f"{CONFIG}\ndeck: {{hidden_repos: [acme/rocket]}}")
    made = await site.run()
    await site.file("build-log.txt", "secret\n")
    await site.file("prowjob.json", made)
    assert "No runs" in (await site.get("/")).text
    assert (await site.get(f"/prowjob?prowjob={made['metadata']['name']}")).status == 404
    assert (await site.get("/log?job=unit&id=1")).status == 404
    assert decoded(await site.get("/prowjobs.js")) == {"items": []}
    assert (await site.get(VIEW)).status == 404


# One run


async def test_a_run() -> None:
    site = Site()
    await site.run(state="failure", status={"description": "Job failed."})
    await site.file("started.json", {"timestamp": 1, "metadata": {"kernel": {"version": "6.1"}}})
    await site.file("finished.json", {"timestamp": 2, "passed": False, "result": "FAILURE"})
    await site.file("build-log.txt", "one\n\x1b[31mtwo\x1b[0m\nERROR: three\n")
    await site.file("artifacts/junit.xml", "<testsuite/>")
    page = await site.get(VIEW)
    assert "Job failed." in page.text
    assert lines_of(page.text) == ["one", "two", "ERROR: three"]
    assert '<span class="ink1">two</span>' in page.text
    assert 'class="line bad" id="L3"' in page.text
    assert f'href="/artifacts/s3/artifacts/{RUN}/artifacts/junit.xml"' in page.text
    assert "kernel.version" in page.text
    assert 'href="/job-history/s3/artifacts/pr-logs/directory/unit"' in page.text


@pytest.mark.parametrize(
    "finished, state",
    [
        ('{"timestamp": 2, "passed": true, "result": "SUCCESS"}', "success"),
        ('{"timestamp": 2, "passed": false, "result": "FAILURE"}', "failure"),
        ('{"timestamp": 2, "result": "ABORTED"}', "aborted"),
        ('{"timestamp": 2, "passed": true}', "success"),
        ("", "pending"),
        ("no json", "pending"),
        ('{"timestamp": 1e300, "passed": "x"}', "failure"),
    ],
)
async def test_a_run_whose_prowjob_is_gone(finished: str, state: str) -> None:
    site = Site()
    await site.file("started.json", {"timestamp": 1})
    if finished:
        await site.file("finished.json", finished)
    page = await site.get(VIEW)
    assert (page.status, f'class="state {state}"' in page.text) == (200, True)


@pytest.mark.parametrize(
    "address, lands",
    [
        pytest.param("/view/s3/artifacts/pr-logs/directory/unit/1", VIEW, id="the pointer of a presubmit"),
        pytest.param("/view/s3/artifacts/pr-logs/directory/unit/latest-build.txt", VIEW, id="the latest"),
        pytest.param("/view/gcs/artifacts/" + RUN, 200, id="by another name of storage"),
        pytest.param("/view/prowjob/unit/1", VIEW, id="by job and build"),
        pytest.param("/view/s3/artifacts/pr-logs/directory/evil/1", 403, id="a pointer to another bucket"),
        pytest.param("/view/s3/artifacts/pr-logs/directory/evil/2", 403, id="a pointer to another folder"),
        pytest.param("/view/s3/artifacts/pr-logs/directory/evil/3", 404, id="a pointer to a pointer"),
        pytest.param("/view/s3/artifacts/pr-logs/directory/unit/9", 404, id="no pointer"),
        pytest.param("/view/s3/artifacts/logs/none/1", 404, id="no run"),
        pytest.param("/view/s3/state/owed/1", 403, id="the state bucket"),
        pytest.param("/view/s3/artifacts/logs/../owed", 404, id="upwards"),
        pytest.param("/view/s3/artifacts/logs/%2e%2e/owed", 404, id="upwards, escaped"),
        pytest.param("/view/prowjob/unit/99", 404, id="no such build"),
        pytest.param("/view/prowjob/other/1", 404, id="a build of another job"),
        pytest.param("/view/", 404, id="nothing"),
    ],
)
async def test_addresses_of_runs(address: str, lands: str | int) -> None:
    site = Site()
    await site.run()
    await site.file("build-log.txt", "x\n")
    pointers = {
        "unit/1": f"s3://artifacts/{RUN}",
        "unit/latest-build": "1",
        "evil/1": "s3://state/logs/x/1",
        "evil/2": "s3://artifacts/private/x/1",
        "evil/3": "s3://artifacts/pr-logs/directory/unit/1",
    }
    for name, content in pointers.items():
        await site.bucket.put(f"pr-logs/directory/{name}.txt", content.encode())
    page = await site.get(address)
    assert (page.headers.get("location") if isinstance(lands, str) else page.status) == lands


async def test_a_run_without_storage_is_shown_by_its_name() -> None:
    site = Site()
    made = await site.run(build="", state="triggered", decoration_config=None)
    page = await site.get("/")
    address = f"/view/prowjob/unit/{made['metadata']['name']}"
    assert f'href="{address}"' in page.text
    page = await site.get(address)
    assert "The log will appear here" in page.text


async def test_several_containers_have_a_log_each() -> None:
    site = Site()
    await site.run(pod_spec={"containers": [{"name": "a"}, {"name": "b"}]})
    await site.file("a-build-log.txt", "of a\n")
    await site.file("b-build-log.txt", "of b\n")
    assert lines_of((await site.get(VIEW)).text) == ["of a"]
    assert lines_of((await site.get(f"{VIEW}?log=b-build-log.txt")).text) == ["of b"]
    assert lines_of((await site.get(f"{VIEW}?log=../1/a-build-log.txt")).text) == []


# The log


async def big(site: Site, **how: str) -> int:
    """A log of six megabytes; how many lines it has."""
    count = 120_000
    body = b"".join(b"line %d %s\n" % (number, b"x" * 40) for number in range(1, count + 1))
    await site.file("build-log.txt", gzip.compress(body, 1) if how else body, **how)
    return count


@pytest.mark.parametrize("how", [{}, {"content_encoding": "gzip"}], ids=["plain", "packed"])
async def test_a_large_log_opens_at_its_end(how: dict[str, str]) -> None:
    site = Site()
    await site.run()
    count = await big(site, **how)
    page = await site.get(VIEW)
    assert lines_of(page.text)[-1].startswith(f"line {count} ")
    assert len(page.body) < 600_000
    start = int(re.findall(r'data-start="(\d+)"', page.text)[0])
    where = decoded(await site.get(f"/log/where/{LOG}?byte={start}"))
    first = int(lines_of(page.text)[0].split()[1])
    assert (where["line"], where["lines"]) == (first, count)
    there = decoded(await site.get(f"/log/where/{LOG}?line=777"))
    part = await site.get(f"/log/lines/{LOG}?after={there['byte']}&number=777")
    assert lines_of(part.text)[0].startswith("line 777 ")
    assert 'id="L777"' in part.text
    before = await site.get(f"/log/lines/{LOG}?before={there['byte']}&number=777")
    assert lines_of(before.text)[-1].startswith("line 776 ")
    assert 'id="L776"' in before.text
    found = await site.get(f"/log/find/{LOG}?find=line 60000 ")
    assert 'data-line="60000"' in found.text
    raw = await site.get(f"/log/raw/{LOG}")
    assert raw.body.startswith(b"line 1 ") and raw.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "query, status",
    [
        ("find=(&pattern=on", 400),
        ("find=&pattern=on", 200),
        ("errors=on", 200),
        ("find=" + "y" * 5000, 200),
    ],
)
async def test_searches(query: str, status: int) -> None:
    site = Site()
    await site.file("build-log.txt", "one\nERROR: two\n")
    assert (await site.get(f"/log/find/{LOG}?{query}")).status == status


@pytest.mark.parametrize(
    "address, status",
    [
        (f"/log/lines/{LOG}?after=99999999999&number=abc&style=<x>", 200),
        (f"/log/lines/{LOG}?before=-5", 200),
        (f"/log/where/{LOG}", 400),
        (f"/log/where/{LOG}?line=0", 200),
        (f"/log/lines/s3/artifacts/{RUN}/none.txt", 404),
        ("/log/lines/s3/state/owed/x", 403),
        ("/log/follow/s3/artifacts/logs/none/1/build-log.txt", 404),
        ("/log/raw/s3/artifacts/logs/../x", 404),
        ("/log/raw/prowjob/unit/1", 404),
        ("/log", 400),
        ("/log?job=unit", 400),
        ("/log?id=1", 400),
        ("/log?job=unit&id=9", 404),
    ],
)
async def test_odd_questions(address: str, status: int) -> None:
    site = Site()
    await site.file("build-log.txt", "one\n")
    assert (await site.get(address)).status == status


async def test_what_is_packed_too_well_is_not_unpacked() -> None:
    site = Site(f"{CONFIG}\ndeck: {{spyglass: {{size_limit: 1000000}}}}")
    await site.file("build-log.txt", gzip.compress(bytes(20_000_000)), content_encoding="gzip")
    page = await site.get(f"/log/lines/{LOG}")
    assert (page.status, "longer than" in page.text) == (422, True)
    await site.file("build-log.txt", b"not packed", content_encoding="gzip")
    assert (await site.get(f"/log/lines/{LOG}")).status == 422


async def test_the_raw_log_by_job_and_build() -> None:
    site = Site()
    await site.run()
    await site.file("build-log.txt", XSS)
    page = await site.get("/log?job=unit&id=1")
    assert (page.text, page.headers["access-control-allow-origin"]) == (XSS, "*")
    assert page.headers["content-type"].startswith("text/plain")
    assert page.headers["x-content-type-options"] == "nosniff"


# Files


@pytest.mark.parametrize(
    "name, claimed, served, is_saved",
    [
        pytest.param("a.txt", "", "text/plain; charset=utf-8", False, id="text"),
        pytest.param("a.log", "text/x-log", "text/plain; charset=utf-8", False, id="any text is plain"),
        pytest.param("a.html", "text/html", "text/html; charset=utf-8", False, id="html, in its sandbox"),
        pytest.param("a.svg", "image/svg+xml", "image/svg+xml", False, id="a picture"),
        pytest.param("a.js", "application/javascript", "application/octet-stream", True, id="a script"),
        pytest.param("a.tar", "application/x-tar", "application/octet-stream", True, id="an archive"),
        pytest.param("a.xhtml", "application/xhtml+xml", "application/octet-stream", True, id="html by another name"),
        pytest.param('x";y.bin', "a/b", "application/octet-stream", True, id="a hostile name"),
    ],
)
async def test_files_are_served_into_a_sandbox(name: str, claimed: str, served: str, is_saved: bool) -> None:
    from urllib.parse import quote

    site = Site()
    await site.file(f"artifacts/{name}", XSS, content_type=claimed or "application/octet-stream")
    page = await site.get(f"/artifacts/s3/artifacts/{RUN}/artifacts/{quote(name)}")
    assert (page.status, page.text, page.headers["content-type"]) == (200, XSS, served)
    assert page.headers["content-security-policy"].startswith("sandbox;")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert ("content-disposition" in page.headers) is is_saved
    assert '"' not in page.headers.get("content-disposition", "")


async def test_packed_files() -> None:
    site = Site()
    await site.file("a.txt", gzip.compress(b"text"), content_type="text/plain", content_encoding="gzip")
    address = f"/artifacts/s3/artifacts/{RUN}/a.txt"
    assert (await site.get(address)).text == "text"
    packed = await site.get(address, accept_encoding="gzip, br")
    assert (packed.headers["content-encoding"], gzip.decompress(packed.body)) == ("gzip", b"text")


async def test_folders() -> None:
    site = Site()
    await site.file("build-log.txt", "x")
    await site.file(f"artifacts/{XSS}.txt", "x")
    await site.file(".cutwater/build-log.txt/000000000000", "x")
    assert (await site.get(f"/artifacts/s3/artifacts/{RUN}")).headers["location"].endswith(f"{RUN}/")
    page = await site.get(f"/artifacts/s3/artifacts/{RUN}/")
    assert "build-log.txt" in page.text and "artifacts/" in page.text
    assert ".cutwater" not in page.text
    assert "<script>alert" not in (await site.get(f"/artifacts/s3/artifacts/{RUN}/artifacts/")).text
    assert (await site.get("/artifacts/s3/artifacts/logs/none/")).status == 404
    assert (await site.get("/artifacts/s3/state/owed/")).status == 403


async def test_history() -> None:
    site = Site()
    for build in range(1, 31):
        folder = f"pr-logs/pull/acme_rocket/7/unit/{build}"
        await site.bucket.put(f"pr-logs/directory/unit/{build}.txt", f"s3://artifacts/{folder}".encode())
        await site.bucket.put(f"{folder}/started.json", b'{"timestamp": 100, "repos": {"acme/rocket": "main:b"}}')
    await site.bucket.put("pr-logs/pull/acme_rocket/7/unit/30/finished.json", b'{"timestamp": 160, "passed": true}')
    await site.bucket.put("pr-logs/directory/unit/latest-build.txt", b"30")
    await site.bucket.put("pr-logs/directory/unit/31.txt", b"s3://state/logs/x/31")
    page = await site.get("/job-history/s3/artifacts/pr-logs/directory/unit")
    assert re.findall(r'class="state (\w+)"', page.text)[:3] == ["unknown", "success", "pending"]
    assert "1m 0s" in page.text and "buildId=11" in page.text
    page = await site.get("/job-history/s3/artifacts/pr-logs/directory/unit?buildId=11")
    assert "21–31 of 31" in page.text
    assert (await site.get("/job-history/s3/artifacts/logs/unit?buildId=-738")).status == 400
    assert (await site.get("/job-history/artifacts")).status == 404


# The frame


@pytest.mark.parametrize(
    "method, address, status",
    [("GET", "/nothing", 404), ("POST", "/", 405), ("GET", "/static/x/none.js", 404), ("GET", "/favicon.ico", 404)],
)
async def test_other_addresses(method: str, address: str, status: int) -> None:
    site = Site()
    page = await (site.get(address) if method == "GET" else site.post(address, b""))
    assert page.status == status


async def test_static_files_are_kept_for_ever_by_their_content() -> None:
    site = Site()
    [address] = re.findall(r'href="(/static/\w+/deck.css)"', (await site.get("/")).text)
    page = await site.get(address)
    assert (page.status, page.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in page.headers["cache-control"]
    assert "immutable" not in (await site.get("/static/old/deck.css")).headers["cache-control"]
    assert "no-store" in (await site.get("/")).headers["cache-control"]


async def test_answers_are_packed() -> None:
    site = Site()
    for build in range(5):
        await site.run(build=str(build))
    page = await site.get("/", accept_encoding="gzip")
    assert b"<html" in gzip.decompress(page.body)
    assert page.headers["content-length"] == str(len(page.body))


@pytest.mark.parametrize(
    "address, link",
    [
        ("https://github.com/a", "https://github.com/a"),
        ("http://x", "http://x"),
        ("javascript:alert(1)", ""),
        ("JAVASCRIPT:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil", ""),
        ("https:evil", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_links(address: str, link: str) -> None:
    assert web(address) == link


def test_figures_for_people() -> None:
    from datetime import timedelta

    assert [size(n) for n in (0, 999, 1500, 45_600_000, 123_000_000)] == ["0 B", "999 B", "1.5 kB", "45.6 MB", "123 MB"]
    assert [span(timedelta(seconds=n)) for n in (5, 65, 3700, 90_000)] == ["5s", "1m 5s", "1h 1m", "1d 1h"]
    assert [ago(NOW - timedelta(seconds=n), NOW) for n in (-5, 30, 90, 7200, 90_000)] == [
        "just now",
        "30 s ago",
        "1 min ago",
        "2 h ago",
        "1 d ago",
    ]
