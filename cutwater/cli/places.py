"""Options that say where the embedded platform keeps things and listens, for all subcommands that start one."""

import argparse
import socket
from pathlib import Path

from infra.local.settings import HOST, Ports, Settings, read

STATE = Path(".state")


def add_state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", type=Path, default=STATE, help="folder of all that is kept (%(default)s)")


def add_port(parser: argparse.ArgumentParser) -> None:
    front = Ports().front
    about = "deck's port (%(default)s); the next four are used, too"
    parser.add_argument("--port", type=int, default=front, help=about)


def add_mode(parser: argparse.ArgumentParser) -> None:
    about = "run all functions in one process, for a debugger, and not each in its own that comes and goes"
    parser.add_argument("--one-process", action="store_true", help=about)


def add_cluster(parser: argparse.ArgumentParser) -> None:
    about = "another API server than the embedded one, without nodes: pods of namespace test-pods run here"
    parser.add_argument("--kubeconfig", type=Path, help=about)


def settings(folder: Path, chosen: argparse.Namespace) -> Settings:
    """Settings of these places; which configuration is in force is the caller's to say."""
    first = chosen.port
    ports = Ports(front=first, github=first + 1, kube=first + 2, s3=first + 3, broker=first + 4)
    return Settings(
        folder=folder.resolve(),
        ports=ports,
        config=Path(),
        one_process=chosen.one_process,
        other_kubeconfig=chosen.kubeconfig and chosen.kubeconfig.resolve(),
    )


def problem(settings: Settings) -> str:
    """Why no platform can be started there, in words for the user; empty where one can."""
    if settings.other_kubeconfig and not settings.other_kubeconfig.is_file():
        return f"--kubeconfig: {settings.other_kubeconfig} is no file"
    try:
        before = read(settings.folder)
    except (OSError, ValueError):
        before = settings
    if before.ports != settings.ports:
        return (
            f"{settings.folder} was made for port {before.ports.front}, and its webhooks lead there: "
            f"say --port {before.ports.front}, or choose another folder with --state"
        )
    ports = settings.ports
    every = (ports.front, ports.github, ports.kube, ports.s3, ports.broker)
    taken = next((port for port in every if _is_busy(port)), None)
    return f"port {taken} is taken; choose others with --port" if taken else ""


def _is_busy(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
