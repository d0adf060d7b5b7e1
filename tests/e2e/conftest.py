"""One platform of real processes for all tests here. Where one fails, its report ends with the tails of all logs."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import world
from tests.e2e.running import Running
from tests.e2e.weather import Weather

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def weather_and_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Weather, Running]]:
    settings, port = world.made(tmp_path_factory.mktemp("platform"))
    weather = Weather(settings.github, port)
    weather.start()
    platform = Running(settings)
    try:
        platform.start()
        yield weather, platform
    finally:
        left = platform.stop()
        weather.stop()
    assert left == [], "a process outlives the platform"


@pytest.fixture
def platform(weather_and_platform: tuple[Weather, Running]) -> Running:
    """The platform: parts, functions, the demonstration's repository and those of `world`."""
    return weather_and_platform[1]


@pytest.fixture
def weather(weather_and_platform: tuple[Weather, Running]) -> Weather:
    """How the functions reach GitHub."""
    return weather_and_platform[0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    platform: Any = getattr(item, "funcargs", {}).get("platform")
    if report.failed and isinstance(platform, Running):
        for path in sorted(platform.settings.logs.glob("*.log")):
            if end := platform.tail(path.stem):
                report.sections.append((f"the end of {path.name}", end))
    return report
