"""The answers to what is asked about the server itself: health, version, discovery, OpenAPI."""

from collections.abc import Callable

import msgspec
from starlette.responses import PlainTextResponse, Response

from infra.local.kube import discovery
from infra.local.kube.catalog import Catalog
from infra.local.kube.statuses import JsonObject, not_acceptable
from infra.local.kube.views import media_types

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_HEALTH = frozenset(("/healthz", "/livez", "/readyz"))


class Documents:
    """Documents of the catalog, each made once until that changes. `address` is where clients find the server."""

    def __init__(self, catalog: Catalog, address: Callable[[], str]) -> None:
        self._catalog = catalog
        self._address = address
        self._made: dict[str, bytes] = {}
        self._generation = -1

    def public(self, path: str) -> Response | None:
        """What anybody may ask."""
        if path in _HEALTH:
            return PlainTextResponse("ok")
        return _json(msgspec.json.encode(discovery.VERSION)) if path == "/version" else None

    def answer(self, path: str, accept: str) -> Response | None:
        """The document at `path`; None where there is none."""
        if self._generation != self._catalog.generation:
            self._made.clear()
            self._generation = self._catalog.generation
        if path in ("/api", "/apis") and _wants_aggregated(accept):
            body = self._cached(
                f"{path} aggregated", lambda: discovery.aggregated(list(self._catalog), core=path == "/api")
            )
            return Response(body, media_type=_AGGREGATED)
        if path == "/openapi/v2" and not any(
            name in ("application/json", "*/*", "") for name, _ in media_types(accept)
        ):
            raise not_acceptable("only the following media types are accepted: application/json")
        make = self._maker(path)
        return _json(self._cached(path, make)) if make else None

    def _maker(self, path: str) -> Callable[[], JsonObject] | None:
        kinds = list(self._catalog)
        groups = {kind.group for kind in kinds if kind.group}
        api_versions = {kind.api_version for kind in kinds}
        match path.strip("/").split("/"):
            case ["api"]:
                return lambda: discovery.core_versions(self._address())
            case ["api", "v1"]:
                return lambda: discovery.resource_list(kinds, "", "v1")
            case ["apis"]:
                return lambda: discovery.group_list(kinds)
            case ["apis", group] if group in groups:
                return lambda: discovery.group(kinds, group)
            case ["apis", group, version] if f"{group}/{version}" in api_versions:
                return lambda: discovery.resource_list(kinds, group, version)
            case ["openapi", "v2"]:
                return lambda: discovery.openapi_v2(kinds)
            case ["openapi", "v3"]:
                return lambda: discovery.openapi_index(kinds)
            case ["openapi", "v3", "api", version] if version in api_versions:
                return lambda: discovery.openapi_v3(kinds, version)
            case ["openapi", "v3", "apis", group, version] if f"{group}/{version}" in api_versions:
                return lambda: discovery.openapi_v3(kinds, f"{group}/{version}")
        return None

    def _cached(self, name: str, make: Callable[[], JsonObject]) -> bytes:
        if name not in self._made:
            self._made[name] = msgspec.json.encode(make())
        return self._made[name]


def _wants_aggregated(accept: str) -> bool:
    return any(
        parameters.get("as") == "APIGroupDiscoveryList" and parameters.get("v") == "v2"
        for _, parameters in media_types(accept)
    )


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
