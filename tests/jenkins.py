"""A small Jenkins in process. It answers what a real one answers: tests/contract/jenkins asks both the same.

jenkins = FakeJenkins()
jenkins.job("unit")                      # it takes the parameters that ProwJobs need
... StartBuild ...
jenkins.begin("a")                       # the build of ProwJob a leaves the queue, and runs
jenkins.end("a", "SUCCESS")
"""

import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from cutwater.jenkins.client import Jenkins

ADDRESS = "http://jenkins"
USER, PASSWORD = "prow", "secret"
PARAMETERS = ("PROW_JOB_ID", "BUILD_ID")
MOST_LISTED = 100
HTML = "<html><body>Authentication required</body></html>"

Answers = Callable[[str, str], Awaitable[Response | None]]


@dataclass
class Job:
    """What stands at a job's path. `teaches`: the parameters that it learns from its first build."""

    parameters: tuple[str, ...] = PARAMETERS
    teaches: tuple[str, ...] = ()
    builds: list["Made"] = field(default_factory=list)


@dataclass
class Made:
    """A build, in the queue (`number` 0) or begun."""

    path: str
    parameters: dict[str, str]
    queued: int
    number: int = 0
    result: str | None = None
    log: bytes = b""

    @property
    def is_running(self) -> bool:
        return self.number > 0 and self.result is None

    @property
    def actions(self) -> list[Any]:
        given = [{"name": name, "value": value} for name, value in self.parameters.items()]
        return [{"parameters": given} if given else {}, {}]

    @property
    def as_json(self) -> dict[str, Any]:
        return {"actions": self.actions, "building": self.is_running, "number": self.number, "result": self.result}


class FakeJenkins:
    """An ASGI application. `needs_crumb`: as from those who log in with a password.

    `fails` is asked first for an answer of its own, `loses` whether an answer never arrives though it is done.
    `asked` are the requests, `METHOD path`, without those for crumbs.
    """

    def __init__(self, *, needs_crumb: bool = False) -> None:
        self.jobs: dict[str, Job] = {}
        self.queue: list[Made] = []
        self.needs_crumb = needs_crumb
        self.fails: Answers | None = None
        self.loses: Callable[[str, str], bool] = lambda method, path: False
        self.asked: list[str] = []
        self._crumb = 1
        self._last = 0

    def client(self, password: str = PASSWORD) -> Jenkins:
        """One that asks this Jenkins."""
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self), base_url=ADDRESS)
        header = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()
        return Jenkins(client, ADDRESS, lambda: header)

    def job(self, name: str, *, parameters: tuple[str, ...] = PARAMETERS, teaches: tuple[str, ...] = ()) -> Job:
        """Make a job; a name with slashes lies in folders."""
        path = "/job/" + "/job/".join(name.split("/"))
        self.jobs[path] = Job(parameters, teaches)
        return self.jobs[path]

    def begin(self, name: str = "") -> Made:
        """The build of this ProwJob leaves the queue and runs; without a name, the first one of nobody's."""
        made = next(made for made in self.queue if made.parameters.get("PROW_JOB_ID", "") == name)
        self.queue.remove(made)
        job = self.jobs[made.path]
        made.number = len(job.builds) + 1
        job.builds.append(made)
        job.parameters = job.parameters or job.teaches
        return made

    def end(self, name: str, result: str) -> None:
        """The newest build of this ProwJob ends."""
        self.of(name)[-1].result = result

    def of(self, name: str) -> list[Made]:
        """The builds of this ProwJob: those that were begun, then those that wait."""
        every = [made for job in self.jobs.values() for made in job.builds] + self.queue
        return [made for made in every if made.parameters.get("PROW_JOB_ID") == name]

    def restart(self) -> None:
        """Old crumbs are no good any more."""
        self._crumb += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        if self.loses(request.method, request.url.path):
            raise httpx2.ReadTimeout("the answer is lost")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path != "/crumbIssuer/api/json":
            self.asked.append(f"{request.method} {path}")
        if self.fails and (failure := await self.fails(request.method, path)):
            return failure
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return Response(HTML, 401, {"www-authenticate": 'Basic realm="Jenkins"'}, "text/html")
        if path == "/crumbIssuer/api/json":
            return self._issue() if self.needs_crumb else _missing()
        if request.method == "GET":
            return self._read(path, request.query_params)
        if self.needs_crumb and request.headers.get("jenkins-crumb") != f"crumb {self._crumb}":
            return Response(HTML, 403, media_type="text/html")
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        return self._do(path, {**request.query_params, **form})

    def _issue(self) -> Response:
        return JSONResponse({"crumb": f"crumb {self._crumb}", "crumbRequestField": "Jenkins-Crumb"})

    def _read(self, path: str, query: Any) -> Response:
        if path == "/queue/api/json":
            items = [{"id": made.queued, "actions": made.actions} for made in self.queue]
            return JSONResponse({"items": items})
        if found := re.fullmatch(r"(.+)/(\d+)/logText/progressiveText", path):
            made = self._build(*found.groups())
            return self._console(made, int(query["start"])) if made else _missing()
        if (found := re.fullmatch(r"(.+)/(\d+)/api/json", path)) and (made := self._build(*found.groups())):
            return JSONResponse(made.as_json)
        job = self.jobs.get(path.removesuffix("/api/json"))
        if job is None or not path.endswith("/api/json"):
            return _missing()
        definitions = [{"name": name} for name in job.parameters]
        properties = [{"parameterDefinitions": definitions}] if definitions else [{}]
        builds = [made.as_json for made in reversed(job.builds)][:MOST_LISTED]
        return JSONResponse({"property": properties, "builds": builds})

    def _do(self, path: str, parameters: dict[str, str]) -> Response:
        if path == "/queue/cancelItem":
            self.queue = [made for made in self.queue if made.queued != int(parameters["id"])]
            return Response(status_code=204)
        path, _, verb = path.rpartition("/")
        if verb == "stop":
            made = self._build(*path.rsplit("/", 1))
            if made is None:
                return _missing()
            made.result = made.result or "ABORTED"
            return Response(status_code=302, headers={"location": f"{ADDRESS}{path}/"})
        job = self.jobs.get(path)
        if job is None:
            return _missing()
        if verb == "buildWithParameters" and not job.parameters:
            return Response("java.lang.IllegalStateException: not parameterized", 500, media_type="text/html")
        return self._start(path, {name: text for name, text in parameters.items() if name in job.parameters})

    def _start(self, path: str, parameters: dict[str, str]) -> Response:
        self._last += 1
        self.queue.append(Made(path, parameters, self._last))
        return Response(status_code=201, headers={"location": f"{ADDRESS}/queue/item/{self._last}/"})

    def _build(self, path: str, number: str) -> Made | None:
        job = self.jobs.get(path)
        return next((made for made in job.builds if str(made.number) == number), None) if job else None

    def _console(self, made: Made, start: int) -> Response:
        """A start behind the end stands for the beginning. Lines end as a form's do."""
        text = made.log[start:] if start <= len(made.log) else made.log
        headers = {"x-text-size": str(len(made.log))} | ({"x-more-data": "true"} if made.is_running else {})
        return Response(text.replace(b"\n", b"\r\n"), headers=headers, media_type="text/plain")


def _missing() -> Response:
    return Response("<html><body>Not Found</body></html>", 404, media_type="text/html")
