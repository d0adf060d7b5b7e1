"""An S3 service of its own for the tests of the programs, and a place in which they run."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from cutwater.podutils.log import Log


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the service, as a test looks into it."""

    name: str
    environment: Mapping[str, str]
    client: Any

    def list(self) -> set[str]:
        listed = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return {str(found["Key"]) for found in listed}

    def read(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return body

    def head(self, key: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.client.head_object(Bucket=self.name, Key=key)
        return answer


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The address of an S3 service."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(service: str, request: pytest.FixtureRequest) -> Bucket:
    """An empty bucket, and the environment by which programs reach it."""
    name = f"results-{abs(hash(request.node.nodeid)):x}"
    aws = {
        "AWS_ENDPOINT_URL": service,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
    client = boto3.client(
        "s3", endpoint_url=service, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket=name)
    return Bucket(name, {**os.environ, **aws}, client)


@pytest.fixture
def log() -> Log:
    """A log that nobody reads."""
    silent = Log("test")
    silent.streams = []
    return silent
