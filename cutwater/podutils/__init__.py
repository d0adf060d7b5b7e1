"""The pod utilities: how a ProwJob becomes a pod, and the programs that run in it beside the test."""
