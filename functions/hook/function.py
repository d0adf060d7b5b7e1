"""hook: woken by GitHub's webhooks alone, at `/hook`.

A webhook is checked, kept in one write, and published to each plugin that wants it; then GitHub is answered.
"""

from starlette.requests import Request
from starlette.responses import Response

from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, apply
from cutwater.events.serve import Respond
from cutwater.storage.proof import Proof
from functions.hook.webhook import receive


class Hook:
    """The role at GitHub's side."""

    name = "hook"

    def open(self, edges: Edges, apply: Apply = apply) -> Respond:
        """The role at work. It has no effects: it keeps, and it publishes."""

        proof = Proof()

        async def respond(request: Request) -> Response:
            match request.url.path:
                case "/hook":
                    return await receive(request, edges, proof)
                case "/":
                    return Response(status_code=200)
            return Response(status_code=404)

        return respond


role = Hook()
