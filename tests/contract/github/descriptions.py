"""GitHub's published descriptions as judges: of REST answers, of webhooks, of GraphQL queries.

`CheckedGitHub` is a local GitHub whose every answer and webhook is judged; `violations` says what was wrong. What the
descriptions do not have, or have differently from what GitHub does, stands in EXCEPTIONS, each with its reason.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import jsonschema_rs
from graphql import GraphQLSchema, build_schema, parse, validate

from infra.local.github import GitHub, utc_now
from infra.local.github.hub import DEFAULT_ADDRESS
from infra.local.github.rest.api import Request, Response
from infra.local.github.webhooks import Deliver

SCHEMAS = Path(__file__).parent.parent / "schemas"
REST, WEBHOOKS = "urn:github-rest", "urn:github-webhooks"
EXCEPTIONS: Mapping[str, str] = {
    "GET /repos/{}/{}/git/refs/{}": "the older address of a ref, which GitHub serves and no longer describes",
    "GET /repos/{}/{}/statuses/{}": "another name of /commits/{}/statuses, served and not described",
    "GET /repos/{}/{}/contents": "the root folder; described as /contents/{path} with an empty path",
    "GET /organizations/{}/team/{}": "the address that a team's own url names; not described",
    "GET /organizations/{}/team/{}/members": "as before",
}
DIFFERENCES: tuple[tuple[str, str], ...] = (
    # GitHub gives null for a label without a description here as everywhere; the description says string.
    (r"(\d+/)?labels/\d+/description", "null is not of type"),
    # An installation's account is a user or an enterprise; one list's description says both at once.
    (r"\d+/account", "is not valid under any of the schemas"),
    # In a described repository SHAs are names.
    (r"object/sha", "is shorter than 40 characters"),
)
"""Places and complaints, in which GitHub itself differs from its description."""
ERRORS = "basic-error"
"""The schema of refusals that an operation does not list by itself."""


@cache
def _description(urn: str) -> dict[str, dict[str, dict[str, object]]]:
    name = "github-rest.json" if urn == REST else "github-webhooks.json"
    found: dict[str, dict[str, dict[str, object]]] = json.loads((SCHEMAS / name).read_text())
    return found


@cache
def _registry() -> jsonschema_rs.Registry:
    """All schemas once, shared by every validator."""
    resources = []
    for urn, part in ((REST, "operations"), (WEBHOOKS, "payloads")):
        whole = _description(urn)
        resources.append((urn, {part: whole[part], "components": {"schemas": whole["schemas"]}}))
    return jsonschema_rs.Registry(resources)


@cache
def _validator(urn: str, *parts: str) -> Callable[[object], str]:
    pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)
    reference = f"{urn}#/{pointer}".replace("{", "%7B").replace("}", "%7D").replace(" ", "%20")
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": reference}, registry=_registry(), validate_formats=True, formats={"uri": _is_uri}
    )

    def judge(value: object) -> str:
        errors = []
        for error in validator.iter_errors(value):
            place = "/".join(map(str, error.instance_path))
            if not any(re.fullmatch(where, place) and words in error.message for where, words in DIFFERENCES):
                errors.append(f"{place}: {error.message[:300]}")
        return "; ".join(errors[:5])

    return judge


def _is_uri(text: str) -> bool:
    """Absolute, as the descriptions mean it; templates in braces are used by GitHub itself."""
    return re.match(r"[a-z][a-z0-9+.-]*:", text) is not None


def judge_answer(operation: str, response: Response) -> str:
    """What is wrong with an answer to "GET /repos/{}/{}", or ""."""
    if operation in EXCEPTIONS:
        return ""
    answers = _description(REST)["operations"].get(operation)
    if answers is None:
        return f"{operation} is not described"
    if response.status == 304:
        return "" if not response.body else "304 with a body"
    status = str(response.status)
    if status not in answers:
        if response.status < 400:
            return f"{operation}: status {status} is not described"
        return _validator(REST, "components", "schemas", ERRORS)(json.loads(response.body))
    if answers[status] is None:
        is_json = dict(response.headers).get(b"content-type", b"").startswith(b"application/json")
        return f"{operation} {status}: a body where none is described" if response.status < 400 and is_json else ""
    if not dict(response.headers).get(b"content-type", b"").startswith(b"application/json"):
        return ""
    wrong = _validator(REST, "operations", operation, status)(json.loads(response.body))
    return f"{operation} {status}: {wrong}" if wrong else ""


def judge_webhook(event: str, payload: Mapping[str, object]) -> str:
    """What is wrong with a webhook, or ""."""
    name = event.replace("_", "-")
    if "action" in payload:
        name = f"{name}-{str(payload['action']).replace('_', '-')}"
    if name not in _description(WEBHOOKS)["payloads"]:
        return f"{name} is not described"
    wrong = _validator(WEBHOOKS, "payloads", name)(payload)
    return f"{name}: {wrong}" if wrong else ""


@cache
def _schema() -> GraphQLSchema:
    return build_schema((SCHEMAS / "github.graphql").read_text(), assume_valid=True, assume_valid_sdl=True)


def validate_query(text: str) -> list[str]:
    """What GitHub would find wrong with a query or mutation; nothing, when it is right."""
    return [error.message for error in validate(_schema(), parse(text))]


class CheckedGitHub(GitHub):
    """A local GitHub under judgement."""

    def __init__(
        self,
        state: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        deliver: Deliver | None = None,
        base_url: str = DEFAULT_ADDRESS,
    ) -> None:
        self.violations: list[str] = []
        self.webhooks: list[tuple[str, dict[str, object]]] = []
        self._onward = deliver
        super().__init__(state, clock, self._deliver, base_url)

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        found = self.rest.routes.find(request.method, request.raw_path)
        if found is not None:
            operation = f"{request.method} {re.sub(r'{[^}]*}', '{}', found[0].path)}"
            self._note(judge_answer(operation, response))
        return response

    async def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        payload: dict[str, object] = json.loads(body)
        event = headers["X-GitHub-Event"]
        self.webhooks.append((event, payload))
        self._note(judge_webhook(event, payload))
        return await self._onward(url, headers, body) if self._onward else (200, "")

    def _note(self, wrong: str) -> None:
        if wrong:
            self.violations.append(wrong)
