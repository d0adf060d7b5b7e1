"""refresh: what tests have found is told to GitHub once more, where it was lost.

Source: sigs.k8s.io/prow cmd/external-plugins/refresh.
"""
