"""verify-owners: OWNERS files that a pull request changes can be read, and name people whom the repository trusts.

`plugin` reads what is needed and answers; `checking` says what is wrong.
Source: sigs.k8s.io/prow pkg/plugins/verify-owners.
"""
