"""A small Kubernetes API server: what one machine needs in place of a cluster's, and tests in process."""

from infra.local.kube.server import ApiServer

__all__ = ["ApiServer"]
