"""Webhooks as things: made, changed, pinged, and what they have delivered."""

import msgspec
from msgspec import Struct

from infra.local.github import forms, webhooks
from infra.local.github import records as r
from infra.local.github.errors import Invalid, field_error
from infra.local.github.hub import Hub

STATUS = {200: "OK", 202: "OK", 204: "OK", 0: "failed to connect to host"}


class HookConfig(Struct):
    url: str | None = None
    secret: str | None = None
    content_type: str | None = None
    insecure_ssl: str | int | None = None


class NewHook(Struct):
    config: HookConfig
    name: str = "web"
    events: tuple[str, ...] = ("push",)
    active: bool = True


def create(
    hub: Hub, new: NewHook, *, by: r.Account, repository: r.Repository | None = None, organisation: str | None = None
) -> r.Hook:
    """A new webhook; it is pinged."""
    if not new.config.url:
        raise Invalid(errors=[field_error("Hook", "url", "missing_field")])
    now = hub.now()
    hook = hub.hooks.put(
        r.Hook(
            id=hub.hooks.next_id(),
            repository=repository.id if repository else None,
            organisation=organisation,
            url=new.config.url,
            secret=new.config.secret or "",
            content_type=new.config.content_type or "form",
            events=new.events,
            is_active=new.active,
            created_at=now,
            updated_at=now,
        )
    )
    ping(hub, hook, by)
    return hook


def ping(hub: Hub, hook: r.Hook, by: r.Account) -> None:
    here = hub.repositories.get(hook.repository) if hook.repository is not None else None
    body: dict[str, object] = {"zen": "Keep it logically awesome.", "hook_id": hook.id, "hook": form(hub, hook)}
    if here is not None:
        body["repository"] = forms.repository(hub, here)
    body["sender"] = forms.user(hub, by.login)
    webhooks.write(hub, hook, "ping", None, body, repository=here)


def form(hub: Hub, hook: r.Hook) -> dict[str, object]:
    url = _url(hub, hook)
    last = next(iter(hub.deliveries_of.all(hook.id)[::-1]), None)
    return {
        "type": "Repository" if hook.repository is not None else "Organization",
        "id": hook.id,
        "name": "web",
        "active": hook.is_active,
        "events": list(hook.events),
        "config": config_form(hook),
        "updated_at": hook.updated_at,
        "created_at": hook.created_at,
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {
            "code": last.status_code if last and last.delivered_at else None,
            "status": _word(last) if last and last.delivered_at else "unused",
            "message": None,
        },
    }


def config_form(hook: r.Hook) -> dict[str, object]:
    config: dict[str, object] = {
        "url": hook.url,
        "content_type": hook.content_type,
        "insecure_ssl": hook.insecure_ssl,
    }
    return config | {"secret": "********"} if hook.secret else config


def delivery_form(hub: Hub, row: r.Delivery) -> dict[str, object]:
    """One delivery as lists have it."""
    return {
        "id": row.id,
        "guid": row.guid,
        "delivered_at": row.delivered_at or row.created_at,
        "redelivery": row.is_redelivery,
        "duration": row.seconds,
        "status": _word(row) if row.delivered_at else "pending",
        "status_code": row.status_code,
        "event": row.event,
        "action": row.action,
        "installation_id": row.installation,
        "repository_id": row.repository,
        "throttled_at": None,
    }


def full_delivery_form(hub: Hub, row: r.Delivery) -> dict[str, object]:
    """One delivery with what was sent and answered."""
    hook = hub.hooks.get(row.hook)
    return delivery_form(hub, row) | {
        "url": hook.url if hook else "",
        "request": {"headers": dict(row.headers), "payload": msgspec.Raw(row.payload.encode())},
        "response": {"headers": {}, "payload": row.answer},
    }


def _url(hub: Hub, hook: r.Hook) -> str:
    if hook.repository is not None:
        return f"{forms.api_of(hub, hub.repositories[hook.repository])}/hooks/{hook.id}"
    return f"{hub.api}/orgs/{hook.organisation}/hooks/{hook.id}"


def _word(row: r.Delivery) -> str:
    return STATUS.get(row.status_code, f"Invalid HTTP Response: {row.status_code}")
