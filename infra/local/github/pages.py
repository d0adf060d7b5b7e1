"""Plain pages: repositories, issues, and a pull request with its story, a comment box and three buttons.

They are for looking on and for playing every part on one machine: whoever opens them chooses as whom to speak. There
is no sign-in, so a server with these pages listens on this machine only.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qs, quote

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.types import Receive, Scope, Send

from infra.local.github import issues, pulls, reviews
from infra.local.github import records as r
from infra.local.github.code import code_of
from infra.local.github.errors import NotFound, Refusal
from infra.local.github.hub import Hub
from infra.local.github.markdown import to_html
from infra.local.github.mergeability import (
    combined_state,
    latest_statuses,
    mergeability_of,
    missing_contexts,
    pull_files,
)
from infra.local.github.story import story_of

TEMPLATES = Path(__file__).with_name("templates")
SHOWN = 100
"""How many issues a list shows, and bytes of a form's text times a thousand."""


@dataclass(frozen=True, slots=True)
class Page:
    """What an address gives."""

    status: int
    body: bytes
    kind: str = "text/html; charset=utf-8"
    location: str = ""


class Pages:
    """The pages of one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        form = {}
        if scope["method"] == "POST":
            form = {name: values[0] for name, values in parse_qs(await _body(receive)).items()}
        try:
            page = self.answer(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, form)
        except Refusal as refusal:
            page = self._render(refusal.status, "error.html", refusal=refusal)
        etag = f'"{hashlib.sha256(page.body, usedforsecurity=False).hexdigest()[:32]}"'
        is_known = scope["method"] == "GET" and page.status == 200 and headers.get("if-none-match") == etag
        answer_headers = [
            (b"content-type", page.kind.encode()),
            (b"etag", etag.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", b"default-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'"),
        ]
        if page.location:
            answer_headers.append((b"location", page.location.encode()))
        status = 304 if is_known else page.status
        await send({"type": "http.response.start", "status": status, "headers": answer_headers})
        await send({"type": "http.response.body", "body": b"" if is_known else page.body})

    def answer(self, method: str, path: str, query: str, headers: dict[str, str], form: dict[str, str]) -> Page:
        """The page at an address; a POST does what its form says and leads back."""
        if method == "POST":
            return self._act(path, headers, form)
        match [part for part in path.split("/") if part]:
            case []:
                return self._render(200, "home.html", repositories=list(self._hub.repositories))
            case ["-", "page.js" | "page.css" as name]:
                kind = "text/javascript" if name.endswith("js") else "text/css"
                return Page(200, (TEMPLATES / name).read_bytes(), f"{kind}; charset=utf-8")
            case [owner]:
                rows = self._hub.repositories_of.all(owner.lower())
                if not rows and self._hub.account(owner) is None:
                    raise NotFound
                return self._render(200, "home.html", repositories=rows)
            case [owner, name]:
                return self._repository(self._found(owner, name))
            case [owner, name, "issues" | "pulls" as kind]:
                return self._list(self._found(owner, name), kind, query)
            case [owner, name, "issues" | "pull", number]:
                return self._issue(self._found(owner, name), number, is_part="part=story" in query)
            case [owner, name, "commit", sha]:
                return self._commit(self._found(owner, name), sha)
            case [owner, name, "blob" | "raw" as kind, ref, *rest]:
                return self._file(self._found(owner, name), ref, "/".join(rest), is_raw=kind == "raw")
        raise NotFound

    @cached_property
    def _templates(self) -> Environment:
        environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), trim_blocks=True)
        environment.filters["markdown"] = to_html
        environment.filters["moment"] = lambda when: when.strftime("%Y-%m-%d %H:%M:%S")
        return environment

    def _render(self, status: int, template: str, **values: object) -> Page:
        people = sorted(row.login for row in self._hub.accounts if row.kind == "User")
        return Page(status, self._templates.get_template(template).render(people=people, **values).encode())

    def _found(self, owner: str, name: str) -> r.Repository:
        here = self._hub.repository(f"{owner}/{name}")
        if here is None:
            raise NotFound
        return here

    def _repository(self, here: r.Repository) -> Page:
        rows = self._hub.open_issues_of.all(here.id)[::-1]
        code = code_of(self._hub, here)
        sha = code.resolve(here.default_branch)
        return self._render(
            200,
            "repository.html",
            here=here,
            clone=f"{self._hub.address}/{here.full_name}.git",
            branches=[row for row in self._hub.refs_of.all(here.id) if row.name.startswith("refs/heads/")],
            pulls=[self._line(row) for row in rows if row.pull][:SHOWN],
            issues=[self._line(row) for row in rows if not row.pull][:SHOWN],
            commits=code.history(sha, None, 10) if sha else [],
        )

    def _list(self, here: r.Repository, kind: str, query: str) -> Page:
        state = "closed" if "state=closed" in query else "open"
        rows = [
            self._line(row)
            for row in self._hub.issues_of.all(here.id)[::-1]
            if row.state == state and (row.pull is not None) == (kind == "pulls")
        ]
        return self._render(200, "list.html", here=here, kind=kind, state=state, rows=rows[:SHOWN])

    def _line(self, row: r.Issue) -> dict[str, object]:
        """What a list shows of an issue."""
        statuses = (
            latest_statuses(self._hub, self._hub.repositories[row.repository], row.pull.head_sha) if row.pull else []
        )
        return {
            "row": row,
            "labels": self._labels(row),
            "state": combined_state(statuses) if statuses else "",
            "comments": self._hub.comments_of.count(row.id),
        }

    def _labels(self, row: r.Issue) -> list[r.Label]:
        return [label for id_ in row.labels if (label := self._hub.labels.get(id_)) is not None]

    def _issue(self, here: r.Repository, text: str, *, is_part: bool) -> Page:
        number, dot, form = text.partition(".")
        row = self._hub.issue(here, int(number)) if number.isdecimal() and len(number) < 10 else None
        if row is None:
            raise NotFound
        if dot and row.pull:
            body = code_of(self._hub, here).diff_text(row.pull.base_sha, row.pull.head_sha, form)
            return Page(200, body, "text/plain; charset=utf-8")
        values: dict[str, object] = {
            "here": here,
            "issue": row,
            "labels": self._labels(row),
            "story": story_of(self._hub, row),
        }
        if row.pull:
            told = latest_statuses(self._hub, here, row.pull.head_sha)
            runs = self._hub.check_runs_of.all((here.id, row.pull.head_sha))
            reported = {one.context for one in told} | {run.name for run in runs}
            missing = missing_contexts(self._hub, here, row.pull.base_ref, row.pull.head_sha)
            values |= {
                "pull": row.pull,
                "statuses": told,
                "runs": runs,
                "files": pull_files(self._hub, row),
                "mergeability": mergeability_of(self._hub, row),
                "silent": [name for name in missing if name not in reported],
            }
        return self._render(200, "story.html" if is_part else "issue.html", **values)

    def _commit(self, here: r.Repository, sha: str) -> Page:
        code = code_of(self._hub, here)
        commit = code.commit(sha)
        if commit is None:
            raise NotFound
        return self._render(200, "commit.html", here=here, commit=commit, files=code.changes(commit.sha))

    def _file(self, here: r.Repository, ref: str, path: str, *, is_raw: bool) -> Page:
        code = code_of(self._hub, here)
        sha = code.resolve(ref)
        found = code.file(sha, path) if sha else None
        if found is None:
            raise NotFound
        if is_raw:
            return Page(200, found[1], "text/plain; charset=utf-8")
        text = found[1].decode(errors="replace")
        return self._render(200, "file.html", here=here, path=path, ref=ref, text=text)

    def _act(self, path: str, headers: dict[str, str], form: dict[str, str]) -> Page:
        """Speak or act as somebody; only a form of these very pages may."""
        origin = headers.get("origin")
        if origin is not None and origin.partition("//")[2] != headers.get("host"):
            raise Refusal(403, "This form was sent from another site.")
        match [part for part in path.split("/") if part]:
            case [owner, name, "issues" | "pull", number] if number.isdecimal() and len(number) < 10:
                here = self._found(owner, name)
            case _:
                raise NotFound
        row = self._hub.issue(here, int(number))
        by = self._hub.account(form.get("as", ""))
        if row is None or by is None:
            raise NotFound
        with self._hub.store.transaction():
            self._do(row, by, form.get("do", "comment"), form.get("text", "").strip())
        return Page(303, b"", location=f"{quote(path)}#end")

    def _do(self, row: r.Issue, by: r.Account, deed: str, text: str) -> None:
        match deed:
            case "approve":
                reviews.submit(self._hub, row, by, "APPROVE", text)
                return
            case "comment":
                issues.comment(self._hub, row, text, by)
                return
        pulls.check_author_may(self._hub, row, by)
        if text:
            issues.comment(self._hub, row, text, by)
        row = self._hub.issues[row.id]
        match deed:
            case "close":
                issues.close(self._hub, row, by)
            case "reopen":
                issues.reopen(self._hub, row, by)
            case _:
                raise NotFound


async def _body(receive: Receive) -> str:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > SHOWN * 10_000:
            raise Refusal(413, "The form is too large.")
        if not message.get("more_body"):
            return b"".join(parts).decode(errors="replace")
