"""needs-rebase: a pull request that conflicts with its base says so by a label and a comment.

Source: sigs.k8s.io/prow cmd/external-plugins/needs-rebase.
"""
