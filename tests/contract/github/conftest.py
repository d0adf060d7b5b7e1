"""The same local GitHub as in the tests of its parts."""

from tests.infra.local.github.conftest import client_of, clock, github, world

__all__ = ["client_of", "clock", "github", "world"]
