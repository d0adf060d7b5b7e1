"""Two S3 services for one table of cases: ours on disk, and moto's, which says what S3 answers."""

import functools
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from moto.server import ThreadedMotoServer

from infra.local.s3.server import DEMO_KEY, S3

Client = Any
_names = itertools.count(1)


@functools.cache
def client(address: str, access: str = DEMO_KEY.access, secret: str = DEMO_KEY.secret) -> Client:
    """boto3 as cutwater uses it."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": access, "aws_secret_access_key": secret}
    return boto3.client("s3", endpoint_url=address, region_name="us-east-1", config=config, **keys)


@pytest.fixture(scope="session")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of our store."""
    with serve(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of moto's."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["on_disk", "moto"])
def s3(request: pytest.FixtureRequest) -> Client:
    """A client of either."""
    return client(request.getfixturevalue(request.param))


@pytest.fixture
def bucket(s3: Client) -> str:
    """A new, empty bucket."""
    name = f"bucket-{next(_names)}"
    s3.create_bucket(Bucket=name)
    return name


class serve:  # noqa: N801 - used as a function
    """Serve the store below `root` on a free port while the context lasts."""

    def __init__(self, root: Path, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(S3(root, **options), log_level="error", date_header=False, server_header=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        host, port = self._socket.getsockname()
        return f"http://{host}:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)


Refused = Callable[..., str]


@pytest.fixture
def refused() -> Refused:
    """Calls what must be refused, and gives back the status and code of the refusal."""

    def call(operation: Callable[..., Any], **arguments: Any) -> str:
        from botocore.exceptions import ClientError

        with pytest.raises(ClientError) as caught:
            operation(**arguments)
        answer = caught.value.response
        return f"{answer['ResponseMetadata']['HTTPStatusCode']} {answer['Error']['Code']}"

    return call
