"""Serves the embedded Kubernetes API.

usage: python -m infra.local.kube --port N --database FILE --crds DIR --pod-logs DIR --kubeconfig FILE
"""

import argparse
import socket
from pathlib import Path

import uvicorn
import yaml

from infra.local.kube.server import ApiServer


class _Server(uvicorn.Server):
    """uvicorn waits for open requests before it stops; a watch has no end of its own."""

    def __init__(self, config: uvicorn.Config, api: ApiServer) -> None:
        super().__init__(config)
        self._api = api

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._api.end_streams()
        await super().shutdown(sockets)


def kubeconfig(address: str, token: str) -> str:
    """A kubeconfig with the one context `default`."""
    user = {"token": token} if token else {}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "default", "cluster": {"server": address}}],
        "users": [{"name": "default", "user": user}],
        "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default", "namespace": "default"}}],
        "current-context": "default",
    }
    return yaml.safe_dump(config, sort_keys=False)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.kube", description="Serves the embedded Kubernetes API."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--database", type=Path, help="SQLite file; without it nothing is kept")
    parser.add_argument(
        "--crds", type=Path, action="append", default=[], help="file or folder of definitions; repeatable"
    )
    parser.add_argument("--pod-logs", type=Path, help="folder that the runner of pods writes logs to")
    parser.add_argument("--kubeconfig", type=Path, help="file to write, with the context `default`")
    parser.add_argument("--token", default="", help="bearer token that requests must carry")
    options = parser.parse_args()
    listener = socket.create_server((options.host, options.port))
    address = f"http://{options.host}:{listener.getsockname()[1]}"
    api = ApiServer(options.database, options.crds, options.pod_logs, token=options.token)
    if options.kubeconfig:
        options.kubeconfig.write_text(kubeconfig(address, options.token))
    print(address, flush=True)
    config = uvicorn.Config(
        api.app,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        # As long as a real server's: a client must not find its connection closed when it writes after a pause.
        timeout_keep_alive=300,
    )
    _Server(config, api).run([listener])


if __name__ == "__main__":
    main()
