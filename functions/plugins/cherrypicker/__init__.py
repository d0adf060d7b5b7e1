"""cherrypicker: a pull request's change goes to other branches, each in a pull request of its own.

Source: sigs.k8s.io/prow cmd/external-plugins/cherrypicker.
"""
