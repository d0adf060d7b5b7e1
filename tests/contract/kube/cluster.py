"""A Kubernetes API server as its clients see it: the embedded one, or a real one that a kubeconfig names."""

import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import pytest
import yaml

from tests.contract.kubectl import kubectl

JsonObject: TypeAlias = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@dataclass(frozen=True)
class Answer:
    """What a request was answered."""

    code: int
    body: JsonObject
    text: str
    warnings: list[str]
    media_type: str

    @property
    def reason(self) -> str:
        return str(self.body.get("reason", ""))

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))

    @property
    def metadata(self) -> JsonObject:
        metadata: JsonObject = self.body["metadata"]
        return metadata

    @property
    def names(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.body["items"]]

    @property
    def causes(self) -> set[tuple[str, str]]:
        """The field and the reason of each cause; in which order they come is left to the server."""
        return {(cause["field"], cause["reason"]) for cause in self.body["details"]["causes"]}


@dataclass(frozen=True)
class Event:
    """One line of a watch."""

    type: str
    object: JsonObject

    @property
    def name(self) -> str:
        return str(self.object["metadata"].get("name", ""))


class Cluster:
    """One server, by its kubeconfig; `pod_logs` is where a runner of pods would write."""

    def __init__(self, kubeconfig: Path, *, is_real: bool, pod_logs: Path | None = None) -> None:
        self.kubeconfig = kubeconfig
        self.is_real = is_real
        self.pod_logs = pod_logs
        config = yaml.safe_load(kubeconfig.read_text())
        self.address: str = config["clusters"][0]["cluster"]["server"]
        token = config["users"][0]["user"].get("token", "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._client = httpx2.Client(base_url=self.address, headers=headers, verify=context, timeout=30)

    def close(self) -> None:
        self._client.close()

    def request(
        self, method: str, path: str, body: object = None, *, media_type: str = "application/json", accept: str = ""
    ) -> Answer:
        """One request; a body that is text or bytes goes as it is, all else as JSON."""
        headers = {"Content-Type": media_type} if body is not None else {}
        if accept:
            headers["Accept"] = accept
        content = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
        response = self._client.request(method, path, content=content, headers=headers)
        is_json = response.headers.get("content-type", "").startswith("application/json")
        warnings = response.headers.get_list("warning")
        kind = response.headers.get("content-type", "")
        return Answer(response.status_code, response.json() if is_json else {}, response.text, warnings, kind)

    def get(self, path: str, *, accept: str = "") -> Answer:
        return self.request("GET", path, accept=accept)

    def post(self, path: str, body: object) -> Answer:
        return self.request("POST", path, body)

    def put(self, path: str, body: object) -> Answer:
        return self.request("PUT", path, body)

    def merge(self, path: str, patch: object) -> Answer:
        return self.request("PATCH", path, patch, media_type=MERGE_PATCH)

    def json_patch(self, path: str, *operations: JsonObject) -> Answer:
        return self.request("PATCH", path, list(operations), media_type=JSON_PATCH)

    def strategic(self, path: str, patch: object) -> Answer:
        return self.request("PATCH", path, patch, media_type=STRATEGIC_PATCH)

    def delete(self, path: str, body: object = None) -> Answer:
        return self.request("DELETE", path, body)

    @contextmanager
    def watch(self, path: str, *, accept: str = "") -> Iterator[Iterator[Event]]:
        """The events of a watch, as they come; the watch is under way when the block begins."""
        headers = {"Accept": accept} if accept else {}
        separator = "&" if "?" in path else "?"
        with self._client.stream("GET", f"{path}{separator}watch=true", headers=headers) as response:
            assert response.status_code == 200, response.read()
            lines = (json.loads(line) for line in response.iter_lines() if line)
            yield (Event(line["type"], line["object"]) for line in lines)

    def kubectl(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run kubectl against this server; whether it succeeded is the caller's to look at."""
        program = kubectl()
        if program is None:
            pytest.skip("no kubectl is here")
        command = [str(program), "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)

    def wait_until_served(self, path: str) -> None:
        """Wait until a newly defined kind answers; a real server takes a moment."""
        for _ in range(200):
            if self.get(path).code == 200:
                return
            time.sleep(0.05)
        raise AssertionError(f"{path} is not served")
