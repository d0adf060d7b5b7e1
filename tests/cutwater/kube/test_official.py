"""The official client's transport over HTTP, and the parts of the package that it is made of."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from cutwater.errors import Later, Refused
from cutwater.kube.client import POD, Kind, Kube
from cutwater.kube.official import MOST_CALLS, OfficialTransport, contexts
from cutwater.kube.official_parts import part
from infra.local.kube.server import ApiServer
from infra.local.parts import serve

TOKEN = "a token"
NAMESPACE = Kind("v1", "Namespace", "namespaces")


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[str]:
    """An API server that wants the token, at an address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    api_server = ApiServer(None, token=TOKEN)
    serving = asyncio.ensure_future(serve(api_server.app, port))
    while True:
        with contextlib.suppress(OSError):
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
            break
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        api_server.close()


def kubeconfig(folder: Path, server: str, token: str = TOKEN) -> str:
    path = folder / "kubeconfig"
    described = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": server}}],
        "users": [{"name": "local", "user": {"token": token}}],
        "contexts": [
            {"name": name, "context": {"cluster": "local", "user": "local"}} for name in ("default", "trusted")
        ],
        "current-context": "default",
    }
    path.write_bytes(msgspec.json.encode(described))
    return str(path)


@pytest.mark.parametrize("context", ["", "trusted"])
async def test_a_kubeconfig(tmp_path: Path, context: str) -> None:
    async with served() as address:
        kube = Kube(OfficialTransport(kubeconfig(tmp_path, address), context))
        await kube.create(NAMESPACE, "", {"metadata": {"name": "test-pods"}})
        assert await kube.get(POD, "test-pods", "none") is None
        assert [one["metadata"]["name"] for one in await kube.find(NAMESPACE, "", fields="metadata.name=test-pods")]


async def test_a_wrong_token_is_refused(tmp_path: Path) -> None:
    async with served() as address:
        with pytest.raises(Refused, match="Unauthorized"):
            await Kube(OfficialTransport(kubeconfig(tmp_path, address, token="another"))).find(NAMESPACE, "")


async def test_no_server_is_a_matter_of_time(tmp_path: Path) -> None:
    with pytest.raises(Later, match="does not answer"):
        await Kube(OfficialTransport(kubeconfig(tmp_path, "http://127.0.0.1:1"))).find(NAMESPACE, "")


async def test_a_cluster_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen(100)
        port = hanging.getsockname()[1]
        far = Kube(OfficialTransport(kubeconfig(tmp_path / "far", f"http://127.0.0.1:{port}")))
        waiting = [asyncio.ensure_future(far.find(NAMESPACE, "")) for _ in range(2 * MOST_CALLS)]
        async with served() as address:
            near = Kube(OfficialTransport(kubeconfig(tmp_path, address)))
            async with asyncio.timeout(5):
                assert await near.find(NAMESPACE, "")
        assert not any(one.done() for one in waiting)
    for reset in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(reset, Later)


async def test_the_account_of_a_pod_is_read_again_when_it_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, certificate = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("first")
    certificate.write_text("not looked into before it is used")
    account = part("config.incluster_config")
    monkeypatch.setattr(account, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(account, "SERVICE_CERT_FILENAME", str(certificate))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    configuration = part("client.configuration").Configuration()
    loader = account.InClusterConfigLoader(str(token), str(certificate))
    loader.load_and_set(configuration)
    assert configuration.auth_settings()["BearerToken"]["value"] == "bearer first"
    token.write_text("second")
    loader.token_expires_at = loader.token_expires_at.min
    assert configuration.auth_settings()["BearerToken"]["value"] == "bearer second"


def test_the_contexts_are_the_build_clusters(tmp_path: Path) -> None:
    assert contexts(kubeconfig(tmp_path, "http://127.0.0.1:1")) == {"default", "trusted"}


def test_a_file_that_is_no_kubeconfig_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    with pytest.raises(Refused, match="cannot be read"):
        contexts(str(tmp_path / "empty"))


def test_a_login_is_renewed_by_the_whole_client() -> None:
    client = part("config.kube_config").ApiClient(configuration=part("client.configuration").Configuration())
    assert callable(client.call_api)


def test_whoever_imports_the_client_gets_all_of_it() -> None:
    program = """
from cutwater.kube.official_parts import part
part("config.kube_config"), part("client.rest"), part("config.incluster_config")
import sys
assert not [name for name in sys.modules if name.startswith(("kubernetes", "pydantic"))]
import kubernetes
assert kubernetes.client.CoreV1Api and kubernetes.dynamic.DynamicClient and kubernetes.client.rest.ApiException
assert kubernetes.config.load_kube_config is not part("config.kube_config").load_kube_config
"""
    subprocess.run([sys.executable, "-c", program], check=True)
