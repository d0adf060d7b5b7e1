"""Cutwater: a Prow-compatible CI system as stateless functions on Knative."""
