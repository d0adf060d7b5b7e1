"""What an API server must hold before cutwater works in it: the ProwJob's definition, namespaces, the pods' key.

The same for the embedded one and for another that the user has chosen. What is there already stays, and is brought up
to date.
"""

import asyncio
from typing import Any

import msgspec
import yaml

from cutwater.errors import Later, Refused
from cutwater.kube.transport import Answer, Transport
from infra.local.kube.server import AS
from infra.local.settings import CRDS, Settings

NAMESPACES = ("test-pods", "cutwater")
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PROWJOBS = "/apis/prow.k8s.io/v1/prowjobs"
SERVED_SECONDS = 30.0
"""How long an API server may take until it serves what was just defined."""
POLL = 0.05


async def furnish(settings: Settings, kube: Transport) -> None:
    """Put into the API server what the platform's parts expect there. Raises Refused and Later."""
    await _put(kube, DEFINITIONS, yaml.safe_load((CRDS / "prowjob.yaml").read_text()))
    for name in NAMESPACES:
        await _put(kube, "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    await _put(kube, "/api/v1/namespaces/test-pods/secrets", storage_secret(settings))
    await _served(kube)


def storage_secret(settings: Settings) -> dict[str, Any]:
    """What the pod utilities sign in with at the local store: the key that opens the artifacts and nothing else."""
    credentials = {
        "region": "local",
        "endpoint": settings.s3,
        "insecure": True,
        "s3_force_path_style": True,
        "access_key": "s3-artifacts",
        "secret_key": settings.secret("s3-artifacts"),
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s3-credentials"},
        "stringData": {"service-account.json": msgspec.json.encode(credentials).decode()},
    }


def kubeconfig(server: str, token: str) -> bytes:
    """A kubeconfig of the embedded API server: it is the only build cluster, too.

    kubectl sends no token over plain HTTP: it stands in the address.
    """
    return msgspec.json.encode(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "local", "cluster": {"server": f"{server}{AS}/{token}"}}],
            "users": [{"name": "local", "user": {}}],
            "contexts": [{"name": "default", "context": {"cluster": "local", "user": "local"}}],
            "current-context": "default",
        }
    )


async def _put(kube: Transport, collection: str, wanted: dict[str, Any]) -> None:
    """Make the object, or write it over the one that is there."""
    name = wanted["metadata"]["name"]
    answer = await kube.request("POST", collection, body=msgspec.json.encode(wanted))
    if answer.status == 409:
        there = msgspec.json.decode(_good(await kube.request("GET", f"{collection}/{name}"), name).body)
        metadata = there["metadata"] | wanted["metadata"]
        body = msgspec.json.encode(there | wanted | {"metadata": metadata})
        answer = await kube.request("PUT", f"{collection}/{name}", body=body)
    _good(answer, name)


async def _served(kube: Transport) -> None:
    """Wait until ProwJobs are served: a definition is not at once."""
    for _ in range(int(SERVED_SECONDS / POLL)):
        if (await kube.request("GET", PROWJOBS, query={"limit": "1"})).status == 200:
            return
        await asyncio.sleep(POLL)
    raise Later(f"the API server does not serve {PROWJOBS} after {SERVED_SECONDS:.0f} s")


def _good(answer: Answer, name: str) -> Answer:
    if answer.status >= 300:
        why = f"the API server answers {answer.status} for {name}: {answer.body[:300].decode(errors='replace')}"
        raise Later(why) if answer.status == 429 or answer.status >= 500 else Refused(why)
    return answer
