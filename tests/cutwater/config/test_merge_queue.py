"""How each repository's merge queue works, in config.yaml."""

import pytest

from cutwater.config import compiled
from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError
from cutwater.config.merge_queue import MergeQueue
from cutwater.config.own import own
from cutwater.config.tide import setting
from tests.cutwater.config.configured import configured

SPECULATIVE = MergeQueue(mode="speculative")


def with_queues(text: str) -> Configuration:
    return configured(f"prow_ignored:\n  cutwater: {{tide: {text}}}\n")


def queue_of(configuration: Configuration, full_name: str) -> MergeQueue:
    org, _, repo = full_name.partition("/")
    return setting(own(configuration.prow.prow_ignored).tide, org, repo, MergeQueue())


def test_nobody_speculates_who_has_not_said_so() -> None:
    assert queue_of(configured(), "acme/rocket") == MergeQueue(mode="compatible", lanes=4, largest_batch=16)


def test_what_is_said_is_all_that_must_be() -> None:
    found = queue_of(with_queues("{acme/rocket: {mode: speculative, lanes: 2}}"), "acme/rocket")
    assert found == MergeQueue(mode="speculative", lanes=2, largest_batch=16)


@pytest.mark.parametrize(
    ("full_name", "lanes"),
    [
        pytest.param("acme/rocket", 1, id="of the repository"),
        pytest.param("acme/engine", 2, id="else of its organisation"),
        pytest.param("other/rocket", 3, id="else of all"),
    ],
)
def test_whose_setting_holds(full_name: str, lanes: int) -> None:
    configuration = with_queues("{'*': {lanes: 3}, acme: {lanes: 2}, acme/rocket: {lanes: 1}}")
    assert queue_of(configuration, full_name).lanes == lanes


def test_the_setting_survives_compiling() -> None:
    again = compiled.read(compiled.write(with_queues("{acme: {mode: speculative}}")))
    assert queue_of(again, "acme/rocket") == SPECULATIVE


def test_what_others_keep_beside_it_does_not_matter() -> None:
    text = "prow_ignored:\n  anchors: &queue {mode: speculative}\n  cutwater: {tide: {acme: *queue}}\n"
    assert queue_of(configured(text), "acme/rocket") == SPECULATIVE


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        pytest.param("[acme]", "prow_ignored.cutwater", "Expected `object`", id="no mapping"),
        pytest.param(
            "{acme: {mode: fast}}", "prow_ignored.cutwater.tide.acme", "Invalid enum value 'fast'", id="a mode"
        ),
        pytest.param("{acme: {lane: 2}}", "prow_ignored.cutwater.tide.acme", "unknown field `lane`", id="a field"),
        pytest.param("{acme: {lanes: many}}", "prow_ignored.cutwater.tide.acme", "Expected `int`", id="no number"),
        pytest.param(
            "{acme: {lanes: 0}}", "prow_ignored.cutwater.tide.acme.lanes", "0 is not between 1 and 16", id="no lanes"
        ),
        pytest.param(
            "{acme/rocket: {lanes: 17}}",
            'prow_ignored.cutwater.tide["acme/rocket"].lanes',
            "17 is not between 1 and 16",
            id="too many lanes",
        ),
        pytest.param(
            "{'*': {largest_batch: 65}}",
            'prow_ignored.cutwater.tide["*"].largest_batch',
            "65 is not between 1 and 64",
            id="too large a batch",
        ),
        pytest.param(
            "{acme/rocket/main: {}}",
            'prow_ignored.cutwater.tide["acme/rocket/main"]',
            '"acme/rocket/main" is neither org/repo, nor org, nor *',
            id="a branch",
        ),
        pytest.param(
            "{acme/: {}}", 'prow_ignored.cutwater.tide["acme/"]', '"acme/" is neither', id="no repository's name"
        ),
    ],
)
def test_what_is_wrong_has_its_place(text: str, where: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        with_queues(text)
    [finding] = error.value.findings
    assert (finding.file, finding.line, finding.where) == ("config.yaml", 2, where)
    assert problem in finding.message
