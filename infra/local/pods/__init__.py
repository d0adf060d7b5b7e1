"""Pods as processes: what scheduler and kubelet are on a cluster, for one machine."""
