"""hook: woken by GitHub's webhooks (`/hook`), by two ticks (`/events`) and by dead letters (`/deadletters`).

| path | what happens |
| --- | --- |
| `/hook` | the webhook is checked, kept in one write, and published to each plugin that wants it |
| `/events`, tick `owed` | what is owed too long is published again; what is answered is put away |
| `/events`, tick `redeliver` | GitHub is asked to deliver again what failed |
| `/deadletters` | what the Broker gave up is kept |
"""

from starlette.requests import Request
from starlette.responses import Response

from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, apply
from cutwater.events.event import Event, NotAnEvent
from cutwater.events.serve import Respond, answer
from functions.hook import deadletters, owed, redeliver, webhook


class Hook:
    """The role at GitHub's side."""

    name = "hook"

    def open(self, edges: Edges, apply: Apply = apply) -> Respond:
        """The role at work. It has no effects: it keeps, and it publishes."""

        async def on_tick(event: Event) -> str:
            match event["tick"]:
                case "owed":
                    return await owed.sweep(edges)
                case "redeliver":
                    return await redeliver.redeliver(edges)
            raise NotAnEvent(f'hook has no tick "{event["tick"]}"')

        async def keep(event: Event) -> str:
            return await deadletters.keep(event, edges)

        async def respond(request: Request) -> Response:
            match request.url.path:
                case "/hook":
                    return await webhook.receive(request, edges)
                case "/events":
                    return await answer(request, "hook", on_tick)
                case "/deadletters":
                    return await answer(request, "hook", keep)
                case "/":
                    return Response(status_code=200)
            return Response(status_code=404)

        return respond


role = Hook()
