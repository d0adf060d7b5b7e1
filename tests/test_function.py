"""The front door opens the role that CUTWATER_ROLE names, for functions-framework and for kn func."""

import importlib
import importlib.util
from types import ModuleType
from typing import Any

import httpx2
import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "function.py"
functions_framework: Any = importlib.import_module("functions_framework.aio")  # it has no types


def front_door() -> ModuleType:
    spec = importlib.util.spec_from_file_location("front_door", SOURCE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def get(app: Any, path: str) -> int:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client:
        return (await client.get(path)).status_code


@pytest.mark.parametrize("path, status", [("/health/liveness", 200), ("/health/readiness", 200), ("/", 400)])
async def test_both_servers_reach_the_role(monkeypatch: pytest.MonkeyPatch, path: str, status: int) -> None:
    monkeypatch.setenv("CUTWATER_ROLE", "relay")
    assert await get(functions_framework.create_asgi_app("main", str(SOURCE), "http"), path) == status
    assert await get(front_door().new().handle, path) == status


def test_an_unknown_role_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWATER_ROLE", "no-such-role")
    with pytest.raises(ModuleNotFoundError, match="no_such_role"):
        front_door()


def test_it_stays_short() -> None:
    """import-linter does not see this file: nothing may hide in it."""
    assert sum(bool(line.strip()) for line in SOURCE.read_text().splitlines()) < 20
