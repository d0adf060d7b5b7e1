"""hook: woken by GitHub's webhooks, at `/hook`, and by whoever wants to know what the plugins do, at `/plugin-help`.

A webhook is checked, kept in one write, and published to each plugin that wants it; then GitHub is answered. Other
paths answer 404, so that a webhook which points to the wrong one is seen to fail.
"""

import functools
import os
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, apply
from cutwater.events.serve import Respond
from cutwater.storage.proof import Proof
from functions.hook.enablement import enablement_of
from functions.hook.webhook import receive

if TYPE_CHECKING:
    from functions.hook.help import Helps


class Hook:
    """The role at GitHub's side."""

    name = "hook"

    def open(self, edges: Edges, apply: Apply = apply) -> Respond:
        """The role at work. It has no effects: it keeps, and it publishes. Raises Refused for settings that are wrong.

        `/hook/plugin-help` is the same as `/plugin-help`: an ingress often leads here only what begins with `/hook`.
        """
        proof, enablement = Proof(), enablement_of(os.environ)

        @functools.cache
        def helps() -> "Helps":
            from functions.hook.help import Helps  # and with it every plugin: webhooks need not wait for that

            return Helps(edges)

        async def respond(request: Request) -> Response:
            match request.url.path:
                case "/hook":
                    return await receive(request, edges, proof, enablement)
                case "/plugin-help" | "/hook/plugin-help":
                    return await helps().answer(request)
                case "/":
                    return Response(status_code=200)
            return Response(status_code=404)

        return respond


role = Hook()
