"""deck in a real browser, over real HTTP to a real store: what people see, and how soon."""

import asyncio
import re
import shutil
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cutwater.events.explanations import Decision, Explained, Lack
from cutwater.events.pools import EXPLANATIONS, HISTORY
from cutwater.events.receipt import Outcome
from cutwater.kube.client import PROWJOB
from cutwater.podutils.sidecar import pieces
from cutwater.storage.s3 import S3Store
from functions.deck.operators import VARIABLE
from functions.plugins.every import PLUGINS
from functions.plugins.plugin_help import PluginHelp, help_for
from infra.local.s3.server import DEMO_KEY, S3
from tests.functions.deck.site import CONFIG, NOW, RUN, Site, stamp
from tests.functions.deck.test_tide import HOSTILE, TIDE, entry, lay_pool, shown, waiting
from tests.functions.deck.test_tide import lay as lay_kept
from tests.functions.plugins.scene import configuration
from tests.ledger_story import lay

pytestmark = pytest.mark.slow

T = TypeVar("T")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
ANYBODY = f"{CONFIG}{TIDE}\ndeck: {{default_rerun_auth_configs: [{{rerun_auth_configs: {{allow_anyone: true}}}}]}}"


async def _plugin_help() -> bytes:
    """What hook would say of all plugins, and of one that is somebody else's."""
    plugins = "plugins: {acme: {plugins: [hold, lgtm, size]}}\nexternal_plugins: {acme/rocket: [{name: coffee}]}"
    coffee = PluginHelp(description="<script>document.title = 'taken'</script>Brews <b>coffee</b>.")
    known = {"acme": ["acme/rocket", "acme/launcher"]}
    found = help_for(configuration(plugins), PLUGINS, known=known, external={"coffee": coffee})
    return msgspec.json.encode(found)


class Served:
    """A deck and a store on ports of this machine, on a loop of their own; `site` is reached through `do`."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[uvicorn.Server] = []
        self._serving: list[Future[None]] = []
        store = S3(folder)
        store.make_bucket("artifacts")
        self._store = self._serve(store)
        self.site = self.do(self._make())
        self.address = self._serve(self._deck)

    async def _make(self) -> Site:
        keys = {"aws_access_key_id": DEMO_KEY.access, "aws_secret_access_key": DEMO_KEY.secret}
        bucket = S3Store("artifacts", endpoint_url=self._store, region_name="local", **keys)
        return Site(ANYBODY, bucket=bucket, plugin_help=_plugin_help)

    async def _deck(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.site.respond(Request(scope, receive))
        await response(scope, receive, send)

    def _serve(self, app: ASGIApp) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, interface="asgi3", log_level="warning", lifespan="off", access_log=False, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        self._servers.append(server)
        self._serving.append(asyncio.run_coroutine_threadsafe(server.serve([listening]), self._loop))
        while not server.started:
            time.sleep(0.01)
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Carry out something on the servers' loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        for server in self._servers:
            server.should_exit = True
        for serving in self._serving:
            serving.result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


@pytest.fixture
def deck(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "s3")
    yield served
    served.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser is installed here: none of {', '.join(PROGRAMS)}")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        started.close()


class Window:
    """A page that is watched: whatever its console has to complain of fails the test."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    @property
    def is_too_wide(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.fixture(params=[(WIDE, "light"), (PHONE, "dark")], ids=["wide and light", "phone and dark"])
def window(request: pytest.FixtureRequest, browser: Browser, deck: Served) -> Iterator[Window]:
    size, scheme = request.param
    page = browser.new_page(viewport=size, color_scheme=scheme)
    watched = Window(page, deck.address)
    yield watched
    page.close()
    assert watched.complaints == []


def jobs(page: Page) -> list[str]:
    return page.locator("a.job").all_inner_texts()


def test_the_list_and_its_filters(deck: Served, window: Window) -> None:
    for build, (job, state) in enumerate([("unit", "failure"), ("flight", "success"), ("flight-slow", "success")], 1):
        deck.do(deck.site.run(job, build=str(build), state=state, pull=build))
    window.page.clock.install()
    page = window.open("/")
    assert sorted(jobs(page)) == ["flight", "flight-slow", "unit"]
    assert not window.is_too_wide
    page.get_by_label("Job").fill("fli")
    expect(page.locator("a.job")).to_have_count(2)
    page.clock.run_for(200)
    expect(page).to_have_url(re.compile(r"/\?job=fli$"))
    page.get_by_label("Pull request").fill("3")
    page.clock.run_for(200)
    expect(page.locator("a.job")).to_have_text(["flight-slow"])
    page.get_by_text("Clear").click()
    expect(page.locator("a.job")).to_have_count(3)
    page.locator("a.chip.failure").click()
    expect(page.locator("a.job")).to_have_text(["unit"])
    page.go_back()
    expect(page.locator("a.job")).to_have_count(3)


def test_the_list_is_brought_up_to_date_under_ones_hands(deck: Served, window: Window) -> None:
    deck.do(deck.site.run("unit"))
    window.page.clock.install()
    page = window.open("/")
    page.locator("a.job").focus()
    page.evaluate("document.querySelector('tbody tr').marked = true")
    deck.do(deck.site.run("flight", build="2"))
    for _ in range(5):
        page.clock.run_for(8100)
        time.sleep(0.8)  # the list is kept for three seconds of the server's own time
    expect(page.locator("a.job")).to_have_count(2)
    assert page.evaluate("document.activeElement.textContent") == "unit"
    assert page.evaluate("[...document.querySelectorAll('tbody tr')].some(row => row.marked)"), "its row stays"


def test_a_run(deck: Served, window: Window) -> None:
    deck.do(deck.site.run("unit", state="failure", status={"description": "Job failed."}))
    log = "one\n\x1b[32mgreen\x1b[0m\nERROR: no fuel\n<script>document.title = 'taken'</script>\n"
    deck.do(deck.site.file("build-log.txt", log))
    deck.do(
        deck.site.file(
            "artifacts/report.html",
            "<script>document.title = 'taken'</script><h1>Report</h1>",
            content_type="text/html",
        )
    )
    page = window.open(f"/view/s3/artifacts/{RUN}")
    expect(page.locator("h1")).to_have_text("unit")
    expect(page.locator("#head .state")).to_have_text("failure")
    expect(page.locator(".line")).to_have_count(4)
    colour = "element => getComputedStyle(element).color"
    assert page.locator(".ink2").evaluate(colour) != page.locator("#L1 .t").evaluate(colour)
    assert page.locator(".line.bad").get_attribute("id") == "L3"
    assert not window.is_too_wide
    page.locator("#L2 .n").click()
    expect(page.locator(".line.chosen")).to_have_attribute("id", "L2")
    page.locator("#L3 .n").click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile("#L2-L3$"))
    assert page.title().startswith("unit failure")
    page.get_by_role("link", name="artifacts/report.html").click()
    expect(page.locator("h1")).to_have_text("Report")
    assert page.title() != "taken"
    window.complaints[:] = [text for text in window.complaints if "sandboxed" not in text and "script-src" not in text]


def test_a_run_again(deck: Served, window: Window) -> None:
    deck.do(deck.site.run("unit", state="failure"))
    deck.do(deck.site.file("build-log.txt", "one\n"))
    page = window.open(f"/view/s3/artifacts/{RUN}")
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#head .state")).to_have_text("triggered")
    assert len(deck.do(deck.site.kube.find(PROWJOB, "default"))) == 2


def test_commands_and_plugins(deck: Served, window: Window) -> None:
    page = window.open("/command-help")
    assert page.locator("tbody tr").count() > 50
    assert not window.is_too_wide
    page.get_by_label("Repository").fill("acme/rocket")
    page.get_by_label("Word").fill("hold")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"\?repo=acme%2Frocket&q=hold$"))
    expect(page.locator("td.usage")).to_have_text(["/hold [cancel]"])
    page.locator("tbody tr").get_by_role("link", name="hold", exact=True).click()
    expect(page.locator(".plugin h2")).to_have_text(["coffee external plugin", "hold", "lgtm", "size"])
    expect(page.locator("#size")).to_contain_text("size/XS: 0-9")
    expect(page.locator("#coffee b")).to_have_text("coffee")
    assert page.title() == "Plugins · deck"
    assert not window.is_too_wide


def test_a_log_that_grows(deck: Served, window: Window) -> None:
    job = deck.do(deck.site.run("unit", state="pending"))
    page = window.open(f"/view/s3/artifacts/{RUN}")
    expect(page.locator(".waiting")).to_be_visible()
    page.locator("#log").evaluate("log => log.scrollIntoView({block: 'end'})")
    piece = pieces.key(pieces.folder(RUN, "build-log.txt"), 0)
    log = b""
    for count in (1, 2, 40, 41):
        log = b"".join(b"\x1b[33mline\x1b[0m %d\n" % number for number in range(1, count + 1))
        deck.do(deck.site.bucket.put(piece, log + b"half a li"))
        expect(page.locator(".line")).to_have_count(count, timeout=10_000)
    assert page.locator(f"#L{count}").inner_text().strip() == f"line {count}"
    expect(page.locator(f"#L{count}")).to_be_in_viewport()
    expect(page.locator("[data-live]")).to_be_visible()
    deck.do(deck.site.file("build-log.txt", log + b"the end\n"))
    deck.do(deck.site.bucket.delete(piece))
    ended = {"status": {"state": "success", "completionTime": stamp(deck.site.now)}}
    deck.do(deck.site.kube.merge(PROWJOB, "default", job["metadata"]["name"], ended))
    expect(page.locator(".line").last).to_have_text("the end", timeout=10_000)
    expect(page.locator("[data-live]")).to_be_hidden(timeout=10_000)
    expect(page.locator("#head .state")).to_have_text("success", timeout=10_000)


def test_fifty_megabytes(deck: Served, window: Window) -> None:
    count = 790_000
    body = b"".join(
        b"line %d: \x1b[36mcomputing\x1b[0m the trajectory for stage %d\n" % (n, n) for n in range(1, count + 1)
    )
    assert len(body) > 45_000_000
    deck.do(deck.site.run("unit"))
    deck.do(deck.site.file("build-log.txt", body))
    page = window.open(f"/view/s3/artifacts/{RUN}")
    page.locator("#log").evaluate("log => log.scrollIntoView({block: 'end'})")
    last = page.locator(".line").last
    expect(last).to_be_in_viewport()
    expect(last).to_contain_text(f"line {count}:")
    expect(last.locator(".n")).to_have_attribute("data-n", str(count), timeout=10_000)
    page.get_by_label("Search the whole log").fill("line 350000: computing")
    page.keyboard.press("Enter")
    found = page.locator(".matches li a")
    expect(found).to_have_count(1, timeout=15_000)
    found.click()
    expect(page.locator("#L350000.chosen")).to_be_in_viewport(timeout=20_000)
    expect(page.locator("#L350000")).to_contain_text("line 350000:")
    page.locator(".scroll").hover()
    for _ in range(10):
        page.mouse.wheel(0, -5000)
        time.sleep(0.1)
    numbers = page.evaluate("[...document.querySelectorAll('.line .n')].map(line => Number(line.dataset.n))")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "nothing is missing, nothing is there twice"
    assert numbers[0] < 349_000
    page.get_by_role("link", name="Top").click()
    expect(page.locator("#L1")).to_be_in_viewport()


def test_events_for_operators(deck: Served, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "on")
    state, guid = deck.site.edges.state, "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    hostile = "/hold <script>document.title = 'taken'</script>"
    outcomes: dict[str, Outcome] = {"hold": "done", "lgtm": "failed", "trigger": ""}
    deck.do(lay(state, guid, received=NOW, outcomes=outcomes, text=hostile, error="ValueError: no", is_settled=False))
    for number in range(60):
        deck.do(lay(state, f"{number:08}", received=NOW - timedelta(minutes=number + 1), about="acme/pad#1"))
    page = window.open("/")
    page.get_by_role("link", name="events").click()
    expect(page.locator("a.job")).to_have_count(50)
    assert not window.is_too_wide
    page.get_by_role("link", name="Older").click()
    expect(page.locator("a.job")).to_have_count(11)
    page.get_by_label("Repository").fill("acme/rocket")
    page.get_by_role("button", name="Filter").click()
    page.locator("a.job").click()
    expect(page).to_have_url(re.compile(rf"/events/{guid}$"))
    expect(page.locator("#lgtm")).to_contain_text("ValueError: no")
    expect(page.locator("#trigger")).to_contain_text("is owed, not begun")
    expect(page.locator(".payload")).to_contain_text(hostile)
    expect(page).to_have_title(f"{guid} · events · deck")
    assert not window.is_too_wide
    assert page.screenshot()


def test_tide_from_the_pools_to_a_run(deck: Served, window: Window) -> None:
    run = deck.do(deck.site.run("unit", state="failure"))
    deck.do(deck.site.file("build-log.txt", "one\n"))
    failed = Decision(NOW, f"unit failed on main {HOSTILE}", job="unit", run=run["metadata"]["name"])
    told = waiting(4, lacks=(Lack("unit has failed", "author"),), decisions=(failed,))
    deck.do(lay_pool(deck.site, "acme/rocket", missing_prs=shown(*range(4, 30)), error="the branch is gone"))
    deck.do(lay_pool(deck.site, "acme/pad", action="MERGE", target=shown(1)))
    deck.do(lay_kept(deck.site, HISTORY, "acme/rocket", "main", [entry(1, "TRIGGER", 4), entry(2, "MERGE", 3)]))
    deck.do(lay_kept(deck.site, EXPLANATIONS, "acme/rocket", "main", Explained(pulls={4: told})))
    page = window.open("/")
    page.get_by_role("link", name="tide").click()
    expect(page.locator("a.job")).to_have_text(["acme/pad", "acme/rocket"])
    assert not window.is_too_wide
    page.get_by_text("What a pull request must fulfil").click()
    expect(page.locator(".queries li")).to_have_count(2)
    page.get_by_label("Repository").fill("acme/rocket")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("a.job")).to_have_text(["acme/rocket"])
    page.get_by_role("link", name="history").click()
    page.get_by_label("Action").select_option("TRIGGER")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert not window.is_too_wide
    page.get_by_role("link", name="#4").click()
    expect(page.locator(".says")).to_have_text("because I say so")
    assert not window.is_too_wide
    window.open("/pr?query=repo:acme/rocket")
    expect(page.locator(".says")).to_have_text("because I say so")
    page.get_by_role("link", name="unit failed on main").click()
    expect(page.locator("h1")).to_have_text("unit")
    assert page.title() != "taken"
