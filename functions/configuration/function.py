"""configuration: compiles the configuration when its sources change, and puts it in force.

| what wakes it | from |
| --- | --- |
| a change of a ConfigMap beside it | its ApiServerSource |
| a push to the branch that holds the sources | hook |
| once a minute: whatever was lost | its PingSource |

It always does the same: it looks at the sources and at the pointer (`following`). It works where no configuration is in
force yet, so it is no level role. Nobody excludes it: a file's name says what is in it, and the pointer is written only
as it was read.
"""

import os

from starlette.requests import Request
from starlette.responses import Response

from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, apply
from cutwater.events.event import Event
from cutwater.events.origin import origin_of
from cutwater.events.serve import Respond, answer
from cutwater.github.asking import permitted
from cutwater.github.effects import SetStatus
from cutwater.github.permissions import reading_and
from functions.configuration.following import follow


class ConfigurationRole:
    """The role between what users write and what functions read."""

    name = "configuration"

    def open(self, edges: Edges, apply: Apply = apply) -> Respond:
        """The role at work."""

        async def handle(event: Event) -> str:
            origin = origin_of(os.environ)
            if origin is None:
                return "no sources are named to be followed"
            with permitted(reading_and(SetStatus.writes)):
                return await follow(origin, edges, apply, is_sweep=event["tick"] == "sweep")

        async def respond(request: Request) -> Response:
            return await answer(request, self.name, handle)

        return respond


role = ConfigurationRole()
