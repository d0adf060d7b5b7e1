"""override: contexts, check runs and jobs that failed count as passed, because somebody who may says so.

`plugin` has the commands, `permission` says who may, `named` reads what they name, `contexts` what can be overridden.
Source: sigs.k8s.io/prow pkg/plugins/override.
"""
