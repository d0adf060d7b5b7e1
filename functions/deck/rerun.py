"""`/rerun`: the same job again, for the same code.

A run is created once for each form: the form's nonce names the ProwJob. Forms of other sites are refused by where they
come from and by a token that is bound to the browser's cookie; no session is kept.
Source: sigs.k8s.io/prow cmd/deck (rerun.go).
"""

import hmac
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
import yaml
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from cutwater.config.configuration import Configuration
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply
from cutwater.events.serve import body_of
from cutwater.kube.client import as_prowjob
from cutwater.kube.effects import CreateProwJob
from cutwater.prowjob.labels import BUILD_ID, ID
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob
from functions.deck import pages
from functions.deck.kept import Runs
from functions.deck.places import NotServed
from functions.deck.runs import Run, as_run

COOKIE = "deck-form"
LONGEST_FORM = 8 * 1024
VALID_SECONDS = 24 * 3600
NAMES = uuid.UUID("6f1f7d0e-4c0b-5d0a-9a53-0d6b7b0a7f27")
"""The namespace of the names of runs that are started here."""
OF_ONE_RUN = frozenset({ID, BUILD_ID})
"""Labels that a new run gets of its own."""


class Form(Struct, frozen=True, kw_only=True):
    """What a page's form carries, and the cookie that it is bound to."""

    prowjob: str
    nonce: str
    token: str
    cookie: str


class Rerun:
    """Who may run a job again, and how that is done."""

    def __init__(self, edges: Edges, runs: Runs, apply: Apply) -> None:
        self._edges, self._runs, self._apply = edges, runs, apply

    async def form(self, request: Request, run: Run) -> Form | None:
        """The form of a run's page; None where this run may not be started from here."""
        if not may_rerun(run, await self._edges.configuration()):
            return None
        cookie = request.cookies.get(COOKIE, "")
        if len(cookie) != 64:
            cookie = secrets.token_hex(32)
        nonce = f"{int(self._edges.clock().timestamp())}-{secrets.token_hex(16)}"
        return Form(prowjob=run.name, nonce=nonce, token=token(cookie, nonce, run.name), cookie=cookie)

    def remember(self, request: Request, response: Response, form: Form) -> None:
        """Give the browser the cookie that its form is bound to."""
        is_secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
        response.set_cookie(COOKIE, form.cookie, secure=is_secure, httponly=True, samesite="strict")

    async def show(self, request: Request) -> Response:
        """GET: the ProwJob that would be created, as YAML for `kubectl create -f`."""
        job = await self._again(request.query_params.get("prowjob", ""), name=str(uuid.uuid4()))
        return pages.text(as_yaml(msgspec.to_builtins(job)))

    async def create(self, request: Request) -> Response:
        """POST, of a run's page: create it. The second time that a form is sent, it is there already."""
        form = {name: values[0] for name, values in parse_qs((await body_of(request, LONGEST_FORM)).decode()).items()}
        wanted, nonce = form.get("prowjob", ""), form.get("nonce", "")
        if not is_same_origin(request.headers):
            raise NotServed("this form does not come from a page of this site", status=403)
        now = self._edges.clock()
        expected = token(request.cookies.get(COOKIE, ""), nonce, wanted)
        if not hmac.compare_digest(expected, form.get("token", "")) or not is_fresh(nonce, now):
            raise NotServed("this form is too old, or not of this browser: load the page again", status=403)
        job = await self._again(wanted, name=str(uuid.uuid5(NAMES, nonce)))
        if not may_rerun(as_run(msgspec.to_builtins(job)), await self._edges.configuration()):
            raise NotServed("nobody may run this job again without having signed in", status=403)
        await self._apply(CreateProwJob(job=job, why=f"{wanted} was to run again"), self._edges)
        return pages.see(f"/view/prowjob/{quote(job.spec.job, safe='')}/{job.metadata.name}")

    async def _again(self, wanted: str, *, name: str) -> ProwJob:
        if not wanted:
            raise NotServed("no prowjob is named", status=400)
        found = await self._runs.named(wanted)
        if found is None:
            raise NotServed(f"there is no ProwJob {wanted}")
        config = (await self._edges.configuration()).prow
        return again(
            as_prowjob(found),
            name=name,
            now=self._edges.clock(),
            is_scheduled=config.scheduler.enabled,
        )


def again(old: ProwJob, *, name: str, now: datetime, is_scheduled: bool) -> ProwJob:
    """A new run of what an old one was to do."""
    job = new_prowjob(
        old.spec,
        name=name,
        namespace=old.metadata.namespace,
        start=now,
        labelled={key: value for key, value in old.metadata.labels.items() if key not in OF_ONE_RUN},
        annotated=old.metadata.annotations,
        state="scheduling" if is_scheduled else "triggered",
    )
    return replace(job, status=replace(job.status, description=f"Successfully reran {old.metadata.name}."))


def may_rerun(run: Run, config: Configuration) -> bool:
    """Whether anybody may start this run again: the job's own word, or the last entry of deck's that means it."""
    own = run.spec.rerun_auth_config
    if own is not None and own.allow_anyone:
        return True
    auth = None
    for entry in config.prow.deck.default_rerun_auth_configs:
        is_repo = entry.repo in {"", "*", run.repository, run.repository.partition("/")[0]}
        if is_repo and entry.cluster in {"", "*", run.spec.cluster}:
            auth = entry.config
    return auth is not None and auth.allow_anyone


def token(cookie: str, nonce: str, prowjob: str) -> str:
    """What only a page that was made for this browser knows of this form."""
    return hmac.digest(cookie.encode(), f"{nonce}\n{prowjob}".encode(), "sha256").hex() if cookie else ""


def is_fresh(nonce: str, now: datetime) -> bool:
    """Whether a form's nonce is of the last day."""
    made = nonce.partition("-")[0]
    return made.isascii() and made.isdigit() and 0 <= now.timestamp() - int(made) < VALID_SECONDS


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that a page of this very site sent the request."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        return False
    return site in {None, "same-origin"} and (origin is None or urlsplit(origin).netloc == headers.get("host"))


def as_yaml(found: object) -> str:
    return yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=120)
