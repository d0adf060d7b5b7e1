"""Where deck reads, and where it does not."""

import pytest

from functions.deck.places import NotServed, allowed, build_of_pointer, place, pointer_target
from tests.functions.deck.site import CONFIG, configuration

PREFIXED = CONFIG.replace("path_strategy", "path_prefix: team/a, path_strategy")


@pytest.mark.parametrize(
    "path, found",
    [
        pytest.param("s3/artifacts/logs/j/1", "s3/artifacts/logs/j/1", id="s3"),
        pytest.param("gcs/artifacts/logs/j/1/", "gs/artifacts/logs/j/1", id="gcs is gs, a last slash is nothing"),
        pytest.param("s3/artifacts/logs/j/a b#c", "s3/artifacts/logs/j/a b#c", id="odd letters"),
        pytest.param("http://evil/artifacts/logs", None, id="an address"),
        pytest.param("file/etc/passwd", None, id="another provider"),
        pytest.param("s3/artifacts", None, id="no key"),
        pytest.param("s3//logs/j/1", None, id="no bucket"),
        pytest.param("s3/../state/owed", None, id="a bucket that is a path"),
        pytest.param("s3/artifacts/logs/../../state/owed", None, id="upwards"),
        pytest.param("s3/artifacts/logs/./j", None, id="a dot"),
        pytest.param("s3/artifacts/logs//j", None, id="an empty part"),
        pytest.param("s3/artifacts/logs/j\n/1", None, id="a line feed"),
        pytest.param(f"s3/artifacts/logs/{'x' * 1100}", None, id="a long one"),
    ],
)
def test_paths(path: str, found: str | None) -> None:
    if found is None:
        with pytest.raises(NotServed):
            place(path)
    else:
        assert place(path).path == found


@pytest.mark.parametrize(
    "config, path, is_served",
    [
        pytest.param(CONFIG, "s3/artifacts/logs/j/1", True, id="the jobs' bucket"),
        pytest.param(CONFIG, "s3/artifacts/pr-logs/pull/o_r/1/j/1", True, id="of pull requests"),
        pytest.param(CONFIG, "s3/artifacts/secrets/key", False, id="another folder"),
        pytest.param(CONFIG, "s3/artifacts/logs-of-others/x", False, id="a folder that begins alike"),
        pytest.param(CONFIG, "s3/state/logs/owed", False, id="another bucket"),
        pytest.param(PREFIXED, "s3/artifacts/team/a/logs/j/1", True, id="below the prefix"),
        pytest.param(PREFIXED, "s3/artifacts/team/b/logs/j/1", False, id="below another prefix"),
        pytest.param(PREFIXED, "s3/artifacts/pr-logs/directory/j/1.txt", True, id="pointers lie without the prefix"),
        pytest.param(
            f"{CONFIG}\ndeck: {{skip_storage_path_validation: false, additional_allowed_buckets: [more]}}",
            "gs/more/anything/x",
            True,
            id="a bucket that is named",
        ),
        pytest.param(
            f"{CONFIG}\ndeck: {{skip_storage_path_validation: true}}", "gs/any/x", True, id="validation switched off"
        ),
        pytest.param(
            f"{CONFIG}\ndeck: {{spyglass: {{bucket_aliases: {{old: artifacts}}}}}}",
            "s3/old/logs/j/1",
            True,
            id="an alias",
        ),
        pytest.param("{}", "s3/artifacts/logs/j/1", False, id="nothing configured, nothing served"),
    ],
)
def test_what_the_configuration_opens(config: str, path: str, is_served: bool) -> None:
    gate = allowed(configuration(config))
    if is_served:
        assert gate.check(place(path)).key == place(path).key
    else:
        with pytest.raises(NotServed):
            gate.check(place(path))


@pytest.mark.parametrize(
    "content, path",
    [
        pytest.param(b"s3://artifacts/pr-logs/pull/o_r/1/j/1", "s3/artifacts/pr-logs/pull/o_r/1/j/1", id="s3"),
        pytest.param(b"gs://b-1/logs/j/1\n", "gs/b-1/logs/j/1", id="a line feed"),
        pytest.param(b"http://evil/x/y", None, id="another scheme"),
        pytest.param(b"s3://artifacts/../state", None, id="upwards"),
        pytest.param(b"nothing", None, id="no address"),
        pytest.param(b"", None, id="empty"),
        pytest.param(b"s3://artifacts/" + b"x" * 5000, None, id="too long"),
    ],
)
def test_pointers(content: bytes, path: str | None) -> None:
    if path is None:
        with pytest.raises(NotServed):
            pointer_target(content)
    else:
        assert pointer_target(content).path == path


@pytest.mark.parametrize("content", [b"", b"latest", b"-1", "٣".encode(), b"1/../.."])
def test_a_latest_build_is_a_number(content: bytes) -> None:
    assert build_of_pointer(b"123\n") == "123"
    with pytest.raises(NotServed):
        build_of_pointer(content)
