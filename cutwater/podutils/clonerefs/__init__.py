"""clonerefs: brings the code of a job to its place, and writes down how that went.

A repository that cannot be cloned does not fail the program (unless `fail` is set): initupload reads the records, says
so in storage and fails then. Source: sigs.k8s.io/prow pkg/clonerefs, pkg/pod-utils/clone.
"""
