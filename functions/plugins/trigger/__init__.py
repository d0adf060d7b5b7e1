"""trigger: starts the jobs of a pull request, and stops those that a newer head has overtaken.

`plugin` says what it wants; `pull_requests`, `comments` and `pushes` decide; `runs` makes the ProwJobs.
Source: sigs.k8s.io/prow pkg/plugins/trigger.
"""
