"""Tests that ask for the `clock` run in virtual time: a sleep of minutes takes none."""

import asyncio
import inspect
from datetime import datetime

import looptime
import pytest

from tests.infra.local.broker.world import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.fromisoformat("2026-11-25T08:00:30Z"))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    wanted = inspect.signature(pyfuncitem.obj).parameters
    if "clock" not in wanted or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    with asyncio.Runner(loop_factory=lambda: looptime.new_event_loop(start=0)) as runner:
        runner.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True
