"""The door for browsers and webhooks: a path leads to a function, and both bodies stream."""

from collections.abc import Mapping

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from infra.local.broker.functions import Function, Functions


class Front:
    """An ASGI application that hands requests on. `routes`: a function's Service by path prefix; the longest wins."""

    def __init__(self, functions: Functions, routes: Mapping[str, str]) -> None:
        self._routes = [
            (prefix.rstrip("/"), functions[routes[prefix]]) for prefix in sorted(routes, key=len, reverse=True)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request by the function that its path belongs to; the function sees the whole path."""
        if scope["type"] != "http":
            raise ValueError(f"the front speaks HTTP only, not {scope['type']}")
        function = self._function(scope["path"])
        if function is None:
            await PlainTextResponse("nothing is served here\n", status_code=404)(scope, receive, send)
        else:
            await function.serve(scope, receive, send)

    def _function(self, path: str) -> Function | None:
        return next((function for prefix, function in self._routes if f"{path}/".startswith(f"{prefix}/")), None)
