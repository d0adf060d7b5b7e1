"""A GitHub of one's own, for one machine and for tests: REST, GraphQL, git, webhooks and plain pages.

It stands where the real GitHub stands for an organisation: what it answers is checked against GitHub's own published
descriptions (tests/contract/github), and everything a Prow-like system does to GitHub has the effects it has there.
"""

from infra.local.github.hub import utc_now
from infra.local.github.rest.calls import Answer
from infra.local.github.server import GitHub

__all__ = ["Answer", "GitHub", "utc_now"]
