"""relay: passes on what must be heard. Woken by changes of ProwJobs and pods, by two ticks, and by dead letters.

| what comes | what happens |
| --- | --- |
| a change of an object (ApiServerSource) | the roles that must look are told (`objects`) |
| tick `owed` | a webhook that is owed too long is published again, one that is answered is put away (`owed`) |
| tick `redeliver` | GitHub is asked to deliver again what failed (`redeliver`) |
| anything, at `/deadletters` | what a Broker gave up is kept (`deadletters`) |
"""

from starlette.requests import Request
from starlette.responses import Response

from cutwater.events import names
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, apply
from cutwater.events.event import Event, NotAnEvent
from cutwater.events.serve import Respond, answer
from functions.relay import deadletters, objects, owed, redeliver


class Relay:
    """The role between what happens and who must know."""

    name = "relay"

    def open(self, edges: Edges, apply: Apply = apply) -> Respond:
        """The role at work."""

        async def pass_on(event: Event) -> str:
            if event.type.startswith(names.OBJECT):
                return await objects.pass_on(event, edges, apply)
            match event["tick"]:
                case "owed":
                    return await owed.sweep(edges)
                case "redeliver":
                    return await redeliver.redeliver(edges)
            raise NotAnEvent(f"relay does not pass on {event.type}")

        async def keep(event: Event) -> str:
            return await deadletters.keep(event, edges)

        async def respond(request: Request) -> Response:
            return await answer(request, self.name, keep if request.url.path == "/deadletters" else pass_on)

        return respond


role = Relay()
