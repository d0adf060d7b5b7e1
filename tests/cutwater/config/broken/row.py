"""A mistake, put into the small configuration, and what is to be said of it."""

from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet

CONFIG, JOBS, MORE, PLUGINS = "config.yaml", "jobs.yaml", "more-jobs.yaml", "plugins.yaml"
PROW_MORE, PLUGINS_MORE = "umbrella_prowconfig.yaml", "umbrella_pluginconfig.yaml"
UNIT, FLIGHT, DOCS = (f'presubmits["acme/rocket"][{index}]' for index in range(3))
PUBLISH = 'postsubmits["acme/rocket"][0]'


class Mutation(NamedTuple):
    """What is put in place of what in a file; the field that is found, and all that must be said, its value first.

    In `new`, ¦ stands before what the finding's line is about, and is taken out.
    """

    file: str
    old: str
    new: str
    field: str
    said: tuple[str, ...]


def row(name: str, file: str, old: str, new: str, field: str, *said: str) -> ParameterSet:
    return pytest.param(Mutation(file, old, new, field, said), id=name)
