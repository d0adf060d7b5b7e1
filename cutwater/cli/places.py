"""Options that say where the embedded platform keeps things and listens, for all subcommands that start one."""

import argparse
import socket
from pathlib import Path

from infra.local.settings import HOST, Ports, Settings

STATE = Path(".state")


def add_to(parser: argparse.ArgumentParser, *, folder: Path) -> None:
    """`--state` and `--port`."""
    parser.add_argument("--state", type=Path, default=folder, help="folder of all that is kept (%(default)s)")
    parser.add_argument("--port", type=int, default=Ports().front, help="deck's port; the four after it are used, too")


def settings(chosen: argparse.Namespace) -> Settings:
    """Settings of these places; which configuration is in force is the caller's to say."""
    first: int = chosen.port
    ports = Ports(front=first, github=first + 1, kube=first + 2, s3=first + 3, broker=first + 4)
    return Settings(folder=chosen.state.resolve(), ports=ports, config=Path())


def busy(ports: Ports) -> list[int]:
    """Those of the ports that somebody else listens on."""
    return [port for port in (ports.front, ports.github, ports.kube, ports.s3, ports.broker) if _is_busy(port)]


def _is_busy(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
