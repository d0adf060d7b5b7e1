"""ProwJobs for programs: `/prowjobs.js`, `/data.js`, `/prowjob`, `/log`, in upstream's forms.

Source: sigs.k8s.io/prow cmd/deck and pkg/deck/jobs.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from cutwater.errors import Refused
from cutwater.events.edges import Edges
from cutwater.kube.client import PROWJOB, Json
from functions.deck import pages
from functions.deck.kept import Runs
from functions.deck.logs import Logs, blocks
from functions.deck.places import NotServed
from functions.deck.rerun import as_yaml
from functions.deck.runs import Run, as_run, container_of, is_shown

_VARIABLE = re.compile(r"[A-Za-z_$][\w$]{0,63}", re.ASCII)


class Objects:
    """ProwJobs as they are, or as older programs want them."""

    def __init__(self, edges: Edges, runs: Runs, logs: Logs) -> None:
        self._edges, self._runs, self._logs = edges, runs, logs

    async def prowjobs(self, request: Request) -> Response:
        """`{"items": […]}`, without what `omit` names; by `org`, `repo` and `owner`."""
        query = request.query_params
        config = (await self._edges.configuration()).prow
        found = await self._edges.kube.find(PROWJOB, config.prowjob_namespace)
        wanted = [each for each in found if _is_asked_for(each, query, config.deck.hidden_repos)]
        for each in wanted:
            omit(each, query.get("omit", "").split(","))
        return script({"items": wanted}, query.get("var", ""))

    async def jobs(self, request: Request) -> Response:
        """The older list."""
        now = self._edges.clock()
        return script([older_form(run, now) for run in await self._runs.all()], request.query_params.get("var", ""))

    async def prowjob(self, request: Request) -> Response:
        """One ProwJob as YAML."""
        name = request.query_params.get("prowjob", "")
        if not name:
            raise NotServed('request did not provide the "prowjob" query parameter', status=400)
        found = await self._runs.named(name)
        if found is None:
            raise NotServed(f'ProwJob not found: "{name}"')
        omit(found, ())
        return pages.text(as_yaml(found))

    async def log(self, request: Request) -> Response:
        """The raw log of a run, by `job` and `id`."""
        query = request.query_params
        job, build, container = query.get("job", ""), query.get("id", ""), query.get("container", "")
        if not job or not build:
            raise NotServed("request did not provide the `job` and `id` query parameters", status=400)
        run = await self._runs.one(job, build)
        name = next((log for log in run.logs if container in {"", container_of(log)}), "")
        if not name:
            raise NotServed(f'the run has no container "{container}"')
        log = await self._logs.open(f"prowjob/{job}/{build}/{name}")
        headers = {**pages.GUARDED, **pages.FRESH, "access-control-allow-origin": "*"}
        return StreamingResponse(blocks(log), media_type="text/plain", headers=headers)


def script(value: object, variable: str) -> Response:
    """JSON, or a script that puts it into a variable."""
    body, kind = msgspec.json.encode(value), "application/json"
    if variable:
        if _VARIABLE.fullmatch(variable) is None:
            raise NotServed("var is no name of a variable", status=400)
        body, kind = f"var {variable} = ".encode() + body + b";", "application/javascript"
    return Response(body, media_type=kind, headers={**pages.GUARDED, **pages.FRESH})


def omit(prowjob: Json, parts: Iterable[str]) -> None:
    """Take out what is not asked for. Of the pod, the number of its containers stays."""
    metadata, spec = prowjob["metadata"], prowjob["spec"]
    metadata.pop("managedFields", None)
    for part in parts:
        match part:
            case "annotations" | "labels":
                metadata.pop(part, None)
            case "decoration_config":
                spec.pop(part, None)
            case "pod_spec" if "pod_spec" in spec:
                spec[part] = {"containers": [{} for _ in spec[part].get("containers") or ()]}


def older_form(run: Run, now: datetime) -> dict[str, object]:
    """An item of `/data.js`."""
    status, finished = run.status, run.status.completionTime
    return {
        "type": run.spec.type,
        "refs": run.spec.refs,
        "refs_key": str(run.spec.refs) if run.spec.refs else "",
        "job": run.spec.job,
        "build_id": status.build_id,
        "context": run.spec.context,
        "started": str(int(run.started.timestamp())),
        "finished": finished.isoformat().replace("+00:00", "Z") if finished else "",
        "duration": _go(int(run.duration(now).total_seconds())) if finished else "",
        "state": run.state,
        "description": status.description,
        "url": status.url,
        "pod_name": status.pod_name,
        "agent": run.spec.agent,
        "prow_job": run.name,
    }


def _go(seconds: int) -> str:
    """As Go writes a duration in whole seconds."""
    hours, minutes = seconds // 3600, seconds // 60 % 60
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if hours or minutes else "", f"{seconds % 60}s"]
    return "".join(parts)


def _is_asked_for(found: Json, query: Mapping[str, str], hidden: tuple[str, ...]) -> bool:
    try:
        run = as_run(found)
    except Refused:
        return False
    tests: list[Callable[[], bool]] = [lambda: is_shown(run, hidden)]
    every = (run.spec.refs,) if run.spec.refs else run.spec.extra_refs
    if org := query.get("org"):
        tests.append(lambda: any(refs.org == org for refs in every))
    if repo := query.get("repo"):
        tests.append(lambda: any(refs.repo == repo for refs in every))
    if owner := query.get("owner"):
        tests.append(lambda: run.spec.refs is not None and any(p.author == owner for p in run.spec.refs.pulls))
    return all(test() for test in tests)
