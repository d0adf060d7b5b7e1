"""The setting that says where the sources are."""

import pytest

from cutwater.errors import Refused
from cutwater.events.origin import VARIABLE, ConfigMaps, Repository, origin_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", None, id="none"),
        pytest.param("configMaps: {}", ConfigMaps(), id="Prow's names"),
        pytest.param(
            "configMaps: {namespace: prow, plugins: plugins, jobs: [job-*], supplementalPlugins: [more]}",
            ConfigMaps(namespace="prow", plugins="plugins", jobs=("job-*",), supplemental_plugins=("more",)),
            id="own names",
        ),
        pytest.param(
            '{"repository": {"name": "acme/infra", "branch": "main", "config": "c.yaml", "strict": true}}',
            Repository(name="acme/infra", branch="main", config="c.yaml", strict=True),
            id="a repository, in JSON",
        ),
    ],
)
def test_read(text: str, expected: object) -> None:
    assert origin_of({VARIABLE: text}) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("configMaps: {job: [x]}", r"unknown field `job` - at `\$.configMaps`", id="a typo"),
        pytest.param(
            "configMaps: {jobs: x}", r"Expected `array`, got `str` - at `\$.configMaps.jobs`", id="one for many"
        ),
        pytest.param("repository: {name: acme, branch: main, config: c}", '"acme" is not org/repo', id="no repository"),
        pytest.param("{}", "says either configMaps or repository", id="neither"),
        pytest.param("a: [", "while parsing", id="no YAML"),
    ],
)
def test_refused(text: str, says: str) -> None:
    with pytest.raises(Refused, match=f"{VARIABLE}.*{says}"):
        origin_of({VARIABLE: text})
