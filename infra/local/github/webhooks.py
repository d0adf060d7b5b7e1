"""Webhooks: what happened is written down as deliveries in the request's own transaction, and sent afterwards.

The answer to a request never waits for a receiver. A delivery that was not sent when the process died is sent when it
starts again. Like GitHub, a delivery is tried once and given ten seconds; who wants it again asks for a redelivery.
"""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from time import perf_counter
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from infra.local.github import forms
from infra.local.github import records as r
from infra.local.github.hub import Hub, Pending

T = TypeVar("T")
Deliver = Callable[[str, Mapping[str, str], bytes], Coroutine[object, object, tuple[int, str]]]
"""Posts a body to an address: (url, headers, body) to (status, answer)."""

ALLOWED = 10.0
"""Seconds that a receiver has to answer."""
KEPT = 10_000
"""How many deliveries are kept to be looked at and sent again."""

log = logging.getLogger(__name__)


def emit(
    hub: Hub,
    event: str,
    action: str | None,
    *,
    sender: r.Account,
    payload: Callable[[], r.Json],
    repository: r.Repository | None = None,
    organisation: str | None = None,
) -> None:
    """Tell every hook that listens; the payload is made only if there is one."""
    owner = organisation or (repository.owner if repository else None)
    hooks = _listening(hub, event, repository, owner)
    if not hooks:
        return
    shared = dict(payload())
    if action is not None:
        shared = {"action": action} | shared
    if repository is not None:
        shared.setdefault("repository", forms.repository(hub, repository))
    account = hub.account(owner) if owner else None
    if account is not None and account.kind == "Organization":
        shared["organization"] = forms.organisation(hub, account)
    shared["sender"] = forms.user(hub, sender.login)
    for hook, installation in hooks:
        body = shared
        if installation is not None:
            id_ = installation.id
            body = shared | {"installation": {"id": id_, "node_id": forms.node_id("MDI", id_)}}
        write(hub, hook, event, action, body, repository=repository, installation=installation)


def write(
    hub: Hub,
    hook: r.Hook,
    event: str,
    action: str | None,
    body: r.Json,
    *,
    repository: r.Repository | None = None,
    installation: r.Installation | None = None,
) -> r.Delivery:
    """One delivery to one hook, to be sent when the transaction is over."""
    text = msgspec.json.encode(body)
    id_, now = hub.deliveries.next_id(), hub.now()
    delivery = r.Delivery(
        id=id_,
        hook=hook.id,
        guid=guid(hook.id, id_, now),
        event=event,
        action=action,
        installation=installation.id if installation else None,
        repository=repository.id if repository else None,
        headers={},
        payload=text.decode(),
        created_at=now,
    )
    return keep(hub, msgspec.structs.replace(delivery, headers=headers_of(hub, hook, delivery)))


def again(hub: Hub, delivery: r.Delivery) -> r.Delivery:
    """The same delivery once more, under its old GUID and a new id."""
    return keep(
        hub,
        msgspec.structs.replace(
            delivery,
            id=hub.deliveries.next_id(),
            is_redelivery=True,
            created_at=hub.now(),
            delivered_at=None,
            status_code=0,
            answer="",
        ),
    )


def keep(hub: Hub, delivery: r.Delivery) -> r.Delivery:
    hub.deliveries.put(delivery)
    hub.pending.append(Pending(delivery.id, delivery.hook))
    if len(hub.deliveries) > KEPT:
        hub.deliveries.remove(next(iter(hub.deliveries)))
    return delivery


def guid(hook: int, delivery: int, when: datetime) -> str:
    """A delivery's GUID: the same whenever the same story is told at the same times, so that tests can be repeated."""
    digest = hashlib.sha256(f"{hook}/{delivery}/{when.isoformat()}".encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


def headers_of(hub: Hub, hook: r.Hook, delivery: r.Delivery) -> dict[str, str]:
    """GitHub's headers, in GitHub's spelling."""
    kind = "integration" if hook.app else "repository" if hook.repository else "organization"
    owner = hub.account(hook.organisation) if hook.organisation else None
    target = hook.app or hook.repository or (owner.id if owner else 0)
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json" if hook.content_type == "json" else "application/x-www-form-urlencoded",
        "User-Agent": "GitHub-Hookshot/0c1a7b2",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-ID": str(target),
        "X-GitHub-Hook-Installation-Target-Type": kind,
    }
    if hook.secret:
        secret, body = hook.secret.encode(), body_of(hook, delivery)
        headers["X-Hub-Signature"] = f"sha1={hmac.new(secret, body, hashlib.sha1).hexdigest()}"
        headers["X-Hub-Signature-256"] = f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"
    return headers


def body_of(hook: r.Hook, delivery: r.Delivery) -> bytes:
    """What is sent and signed: the JSON, or a form that has it as its one field."""
    if hook.content_type == "json":
        return delivery.payload.encode()
    return urlencode({"payload": delivery.payload}).encode()


async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    """The `Deliver` of a server: over HTTP."""
    import httpx2

    async with httpx2.AsyncClient(timeout=ALLOWED) as client:
        answer = await client.post(url, headers=dict(headers), content=body)
        return answer.status_code, answer.text[:10_000]


class Sender:
    """Sends what the hub has pending, each delivery in a task of its own, in the order in which they were written."""

    def __init__(self, hub: Hub, deliver: Deliver) -> None:
        self._hub = hub
        self._deliver = deliver
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Begin to send what is pending; returns at once."""
        pending, self._hub.pending = self._hub.pending, []
        for one in pending:
            self._track(self._send(one))

    async def settle(self) -> None:
        """Wait until no webhook is under way, those that the receivers themselves cause included."""
        self.start()
        while self._tasks:
            await asyncio.wait(set(self._tasks))
            self.start()

    def _track(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send(self, one: Pending) -> None:
        delivery, hook = self._hub.deliveries.get(one.delivery), self._hub.hooks.get(one.hook)
        if delivery is None or hook is None:
            return
        started = perf_counter()
        # Who is too slow is no longer listened to, but not stopped either.
        call = self._track(self._deliver(hook.url, delivery.headers, body_of(hook, delivery)))
        done, _ = await asyncio.wait({call}, timeout=ALLOWED)
        if not done:
            status, answer = 0, "timed out"
        elif (error := call.exception()) is None:
            status, answer = call.result()
        else:
            status, answer = 0, f"{type(error).__name__}: {error}"
            log.warning("webhook not delivered", extra={"guid": delivery.guid, "url": hook.url, "error": answer})
        sent = msgspec.structs.replace(
            delivery,
            delivered_at=self._hub.now(),
            seconds=round(perf_counter() - started, 3),
            status_code=status,
            answer=answer,
        )
        with self._hub.store.transaction():
            self._hub.deliveries.put(sent)


def _listening(
    hub: Hub, event: str, repository: r.Repository | None, owner: str | None
) -> list[tuple[r.Hook, r.Installation | None]]:
    hooks = hub.hooks_of_repository.all(repository.id) if repository else []
    hooks += hub.hooks_of_organisation.all(owner.lower()) if owner else []
    found: list[tuple[r.Hook, r.Installation | None]] = [(hook, None) for hook in hooks]
    for installation in hub.installations:
        hook = hub.hook_of_app.one(installation.app)
        if hook is None or not owner or installation.account.lower() != owner.lower():
            continue
        if installation.repositories is None or (repository and repository.id in installation.repositories):
            found.append((hook, installation))
    return [
        (hook, installation)
        for hook, installation in found
        if hook.is_active and ("*" in hook.events or event in hook.events or event == "ping")
    ]
