"""What every test shares: async tests run on an event loop of their own."""

import asyncio
import inspect
import os
from pathlib import Path

import pytest

from tests import virtual_time

ROOT = Path(__file__).parent.parent


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an `async def` test to its end; plain ones are left to pytest."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in wanted}
    if pyfuncitem.get_closest_marker("virtual"):
        virtual_time.run(pyfuncitem.obj(**arguments))
    else:
        asyncio.run(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture(scope="session")
def oracle() -> Path:
    """The folder of rows computed by upstream's code."""
    return _shared("CUTWATER_ORACLE", "oracle")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of the configurations that the rows were computed on."""
    return _shared("CUTWATER_CORPUS", "corpus")


def _shared(variable: str, name: str) -> Path:
    folder = Path(os.environ.get(variable) or ROOT.parent / "shared" / name)
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here (set {variable})")
    return folder
