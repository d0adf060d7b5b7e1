"""The transport of the official `kubernetes` client: kubeconfigs, in-cluster accounts and their renewal are its work.

Raw calls only: its models cost a second of start-up. It blocks: its calls run in threads, here alone.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Mapping
from typing import Any

from cutwater.errors import Later, Refused
from cutwater.kube.transport import JSON, Answer

CALL_SECONDS = 15
STREAM_CHUNK = 64 * 1024


class OfficialTransport:
    """The API server of one kubeconfig context, or (without a file) of the cluster we run in."""

    def __init__(self, kubeconfig: str = "", context: str = "") -> None:
        self._kubeconfig, self._context = kubeconfig, context

    @functools.cached_property
    def _api(self) -> Any:
        from kubernetes import config  # half a second: only where Kubernetes is used
        from kubernetes.client import ApiClient, Configuration

        configuration = Configuration()
        if self._kubeconfig:
            config.load_kube_config(self._kubeconfig, self._context or None, configuration)
        else:
            config.load_incluster_config(configuration)
        configuration.connection_pool_maxsize = 32
        return ApiClient(configuration)

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
        answer = await asyncio.to_thread(self._ask, method, path, query or {}, headers, body, stream=False)
        return Answer(answer.status, answer.data)

    async def stream(self, path: str, *, query: Mapping[str, str] | None = None) -> AsyncIterator[bytes]:
        answer = await asyncio.to_thread(self._ask, "GET", path, query or {}, {"Accept": "*/*"}, None, stream=True)
        try:
            if answer.status != 200:
                raise Refused(f"the API server answers {answer.status}: {answer.data[:300].decode(errors='replace')}")
            while chunk := await asyncio.to_thread(answer.read1, STREAM_CHUNK):
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

        self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        address = self._api.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            return self._api.rest_client.pool_manager.request(
                method,
                address,
                headers=headers,
                body=body,
                preload_content=not stream,
                retries=False,
                timeout=Timeout(connect=5, read=None if stream else CALL_SECONDS),
            )
        except HTTPError as error:
            raise Later(f"the API server does not answer: {type(error).__name__}") from error


@functools.cache
def contexts(kubeconfig: str) -> frozenset[str]:
    """The names of the contexts in a kubeconfig. Raises Refused for what is none."""
    from kubernetes.config import ConfigException, list_kube_config_contexts

    try:
        found, _ = list_kube_config_contexts(kubeconfig)
    except ConfigException as error:
        raise Refused(f"{kubeconfig} cannot be read: {error}") from error
    return frozenset(context["name"] for context in found)
