"""REST: what can be asked of a webhook, wherever it belongs: itself, a ping, its deliveries."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from infra.local.github import records as r
from infra.local.github import webhooks
from infra.local.github.access import Level
from infra.local.github.errors import NotFound
from infra.local.github.hooks import HookConfig, delivery_form, form, full_delivery_form, ping
from infra.local.github.rest.calls import Answer, Call, Route


class HookChange(Struct):
    config: HookConfig | None = None
    events: list[str] | None = None
    active: bool | None = None


def routes(prefix: str, find: Callable[[Call], r.Hook], permission: str, level: Level = Level.READ) -> list[Route]:
    """The routes of one hook below `prefix`, whose hook `find` gives. `permission`: what an App needs for them."""
    one = f"{prefix}/{{id}}"

    def get(call: Call) -> Answer:
        return Answer(200, form(call.hub, find(call)))

    def change(call: Call) -> Answer:
        hook, asked = find(call), call.read(HookChange)
        config = asked.config or HookConfig()
        hook = replace(
            hook,
            url=config.url or hook.url,
            secret=hook.secret if config.secret is None else config.secret,
            content_type=config.content_type or hook.content_type,
            events=hook.events if asked.events is None else tuple(asked.events),
            is_active=hook.is_active if asked.active is None else asked.active,
            updated_at=call.hub.now(),
        )
        return Answer(200, form(call.hub, call.hub.hooks.put(hook)))

    def delete(call: Call) -> Answer:
        call.hub.hooks.remove(find(call))
        return Answer(204)

    def send_ping(call: Call) -> Answer:
        ping(call.hub, find(call), call.me)
        return Answer(204)

    read, write = (f"{permission}:read",), (f"{permission}:write",)
    return [
        Route("GET", one, get, level, read),
        Route("PATCH", one, change, level, write),
        Route("DELETE", one, delete, level, write),
        Route("POST", f"{one}/pings", send_ping, level, read),
        *delivery_routes(f"{one}/deliveries", find, level, read, write),
    ]


def delivery_routes(
    prefix: str,
    find: Callable[[Call], r.Hook],
    level: Level = Level.READ,
    read: tuple[str, ...] = (),
    write: tuple[str, ...] = (),
) -> list[Route]:
    """The routes of a hook's deliveries: list by cursor, one in full, send again. `read`, `write`: for an App."""

    def listed(call: Call) -> Answer:
        """Newest first; the cursor is the id of the last one seen."""
        rows = call.hub.deliveries_of.all(find(call).id)[::-1]
        size = min(int(call.query.get("per_page", "30")), 100)
        cursor = call.query.get("cursor", "")
        if cursor.isdecimal():
            rows = [row for row in rows if row.id < int(cursor)]
        if call.query.get("status") == "failure":
            rows = [row for row in rows if row.delivered_at and not 200 <= row.status_code < 400]
        if len(rows) > size:
            status = f"&status={call.query['status']}" if "status" in call.query else ""
            call.links["next"] = f"{call.hub.api}{call.path}?per_page={size}&cursor={rows[size - 1].id}{status}"
        return Answer(200, [delivery_form(call.hub, row) for row in rows[:size]])

    def delivery(call: Call) -> r.Delivery:
        row = call.hub.deliveries.get(call.number("delivery"))
        if row is None or row.hook != find(call).id:
            raise NotFound
        return row

    def get(call: Call) -> Answer:
        return Answer(200, full_delivery_form(call.hub, delivery(call)))

    def attempt(call: Call) -> Answer:
        webhooks.again(call.hub, delivery(call))
        return Answer(202, {})

    return [
        Route("GET", prefix, listed, level, read),
        Route("GET", f"{prefix}/{{delivery}}", get, level, read),
        Route("POST", f"{prefix}/{{delivery}}/attempts", attempt, level, write),
    ]
