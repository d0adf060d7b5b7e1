"""Which compiled configurations go."""

from datetime import timedelta
from pathlib import Path

import pytest

from cutwater.events.pointer import ARTIFACTS, key_of
from cutwater.storage.memory import MemoryStore
from functions.sinker.configurations import AGE, old_ones
from tests import virtual_time

OLD = virtual_time.BEGINNING - AGE - timedelta(seconds=1)


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("in_force", "before", "gone"),
    [
        pytest.param("b", "a\n", "c", id="all but the one in force and those before"),
        pytest.param("d", "", "abc", id="what is new stays"),
        pytest.param("", "", "", id="nothing where the pointer names none"),
    ],
)
async def test_what_goes(tmp_path: Path, in_force: str, before: str, gone: str) -> None:
    (tmp_path / "in-force").write_text(in_force)
    (tmp_path / "before").write_text(before)
    now = OLD
    state = MemoryStore(lambda: now)
    for name in "abcd":
        now = virtual_time.BEGINNING if name == "d" else OLD
        await state.put(key_of(name), b"")
    found = old_ones(state, {"CUTWATER_CONFIGURATION": str(tmp_path)}, virtual_time.BEGINNING)
    assert [key.removeprefix(ARTIFACTS) async for deletion in found for key in deletion.keys] == list(gone)
