"""The transport of the official `kubernetes` client: kubeconfigs, in-cluster accounts and their renewal are its work.

Raw calls only, by the parts of it that these need. It blocks: its calls run in threads, here alone.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cutwater.errors import Later, Refused
from cutwater.kube.official_parts import part
from cutwater.kube.transport import JSON, Answer

CALL_SECONDS = 15
STREAM_CHUNK = 64 * 1024
SILENT_SECONDS = 30
"""A stream that has said nothing for so long ends, with Later: until then a thread waits for it."""
MOST_STREAMS = 64
MOST_CALLS = 16


class OfficialTransport:
    """The API server of one kubeconfig context, or (without a file) of the cluster we run in."""

    def __init__(self, kubeconfig: str = "", context: str = "") -> None:
        self._kubeconfig, self._context = kubeconfig, context

    @functools.cached_property
    def _configuration(self) -> Any:
        configuration = part("client.configuration").Configuration()
        if self._kubeconfig:
            part("config.kube_config").load_kube_config(self._kubeconfig, self._context or None, configuration)
        else:
            part("config.incluster_config").load_incluster_config(configuration)
        configuration.connection_pool_maxsize = 32
        return configuration

    @functools.cached_property
    def _pool(self) -> Any:
        """The connections, by urllib3. Whoever turned off a check in the kubeconfig is not told so at each request."""
        import urllib3

        if not self._configuration.verify_ssl:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return part("client.rest").RESTClientObject(self._configuration).pool_manager

    @functools.cached_property
    def _callers(self) -> ThreadPoolExecutor:
        """Threads of this cluster's own: one that does not answer takes none from the others."""
        return ThreadPoolExecutor(MOST_CALLS, "call")

    @functools.cached_property
    def _threads(self) -> ThreadPoolExecutor:
        """Those of streams: they wait for long, and no other call is to wait for them."""
        return ThreadPoolExecutor(MOST_STREAMS, "stream")

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        headers = {"Accept": accept} | ({"Content-Type": content_type} if body is not None else {})
        ask = functools.partial(self._ask, method, path, query or {}, headers, body, stream=False)
        answer = await asyncio.get_running_loop().run_in_executor(self._callers, ask)
        return Answer(answer.status, answer.data)

    async def stream(self, path: str, *, query: Mapping[str, str] | None = None) -> AsyncIterator[bytes]:
        answer = await asyncio.to_thread(self._ask, "GET", path, query or {}, {"Accept": "*/*"}, None, stream=True)
        try:
            if answer.status != 200:
                raise Refused(f"the API server answers {answer.status}: {answer.data[:300].decode(errors='replace')}")
            loop = asyncio.get_running_loop()
            while chunk := await loop.run_in_executor(self._threads, _next_of, answer):
                yield chunk
        finally:
            answer.close()

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: dict[str, str],
        body: bytes | None,
        *,
        stream: bool,
    ) -> Any:
        from urllib.parse import urlencode

        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        configuration = self._configuration
        signed = {auth["key"]: auth["value"] for auth in configuration.auth_settings().values() if auth["value"]}
        address = configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            return self._pool.request(
                method,
                address,
                headers=headers | signed,
                body=body,
                preload_content=not stream,
                retries=False,
                timeout=Timeout(connect=5, read=SILENT_SECONDS if stream else CALL_SECONDS),
            )
        except HTTPError as error:
            raise Later(f"the API server does not answer: {type(error).__name__}") from error


def _next_of(answer: Any) -> bytes:
    """What comes next of a stream; nothing at its end. Raises Later."""
    from urllib3.exceptions import HTTPError

    try:
        chunk: bytes = answer.read1(STREAM_CHUNK)
    except HTTPError as error:
        raise Later(f"the API server says no more: {type(error).__name__}") from error
    return chunk


@functools.cache
def contexts(kubeconfig: str) -> frozenset[str]:
    """The names of the contexts in a kubeconfig. Raises Refused for what is none."""
    kube_config = part("config.kube_config")
    try:
        found, _ = kube_config.list_kube_config_contexts(kubeconfig)
    except kube_config.ConfigException as error:
        raise Refused(f"{kubeconfig} cannot be read: {error}") from error
    return frozenset(context["name"] for context in found)
