"""Configurations that are wrong in one place: the finding names the file, the line, the field and the value."""

import pytest

from cutwater.config.findings import ConfigError
from tests.cutwater.config.broken import config, jobs, plugins, supplemental, yaml_text
from tests.cutwater.config.broken.row import Mutation
from tests.cutwater.config.small import FILES, loaded


def test_the_configuration_is_right_as_it_is() -> None:
    assert loaded(dict(FILES)).warnings == ()


@pytest.mark.parametrize("mutation", [*yaml_text.ROWS, *config.ROWS, *jobs.ROWS, *plugins.ROWS, *supplemental.ROWS])
def test_broken(mutation: Mutation) -> None:
    file, old, new, field, said = mutation
    assert FILES[file].count(old) == 1, "the row must change one place"
    text = FILES[file].replace(old, new)
    with pytest.raises(ConfigError) as error:
        loaded({**FILES, file: text.replace("¦", "")})
    found = str(error.value)
    assert len(error.value.findings) == 1, found
    (finding,) = error.value.findings
    assert (finding.where, [part for part in said if part not in found]) == (field, []), found
    if "¦" in new:
        assert (finding.file, finding.line) == (file, text[: text.index("¦")].count("\n") + 1), found
    assert finding.line > 0, found
