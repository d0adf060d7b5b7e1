"""The flags by which a command is told which cluster holds the ProwJobs."""

import argparse
import os
from pathlib import Path

from cutwater.cli.failing import Failed
from cutwater.kube.client import Kube


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kubeconfig", default="", help="the cluster of the ProwJobs (default: the one we run in, else kubectl's)"
    )
    parser.add_argument("--context", default="", help="the context in it (default: its current one)")


def chosen_cluster(chosen: argparse.Namespace) -> Kube:
    """The cluster of the ProwJobs: the one that is named, else the one we run in, else kubectl's."""
    from cutwater.kube.official import OfficialTransport, contexts

    kubeconfig = chosen.kubeconfig
    if not kubeconfig and "KUBERNETES_SERVICE_HOST" not in os.environ:
        kubeconfig = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    if kubeconfig:
        known = contexts(kubeconfig)
        if chosen.context and chosen.context not in known:
            raise Failed(f"{kubeconfig} has no context {chosen.context}; it has {', '.join(sorted(known)) or 'none'}")
    return Kube(OfficialTransport(kubeconfig, chosen.context))
