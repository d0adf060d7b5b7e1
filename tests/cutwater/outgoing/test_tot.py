"""tot is asked as Prow asks it, and one that is down holds nothing up for longer than it takes to find that out."""

from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from cutwater.errors import Later
from cutwater.outgoing.tot import Tot

Answer = tuple[int, str] | OSError


class Asked:
    """A tot that answers one after the other, and then as at last."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = list(answers)
        self.addresses: list[str] = []
        self.pauses: list[float] = []

    def __call__(self, address: str) -> tuple[int, str]:
        self.addresses.append(address)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.mark.parametrize(
    ("address", "job", "expected"),
    [
        pytest.param("http://tot", "unit", "http://tot/vend/unit", id="bare"),
        pytest.param("http://tot:8888/base/", "unit", "http://tot:8888/base/vend/unit", id="below a path"),
        pytest.param("http://tot", "a job", "http://tot/vend/a%20job", id="a name with a blank"),
    ],
)
async def test_a_number(address: str, job: str, expected: str) -> None:
    asked = Asked([(200, "7")])
    assert await Tot(address, asked, asked.pause).next_number(job) == "7"
    assert asked.addresses == [expected]


@pytest.mark.parametrize("trouble", [(500, "oops"), ConnectionRefusedError("no")], ids=["an error", "no answer"])
async def test_it_is_asked_again(trouble: Answer) -> None:
    asked = Asked([trouble, trouble, (200, "8")])
    assert await Tot("http://tot", asked, asked.pause).next_number("unit") == "8"
    assert asked.pauses == [0.1, 0.2]


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        pytest.param((503, ""), "got unexpected response from tot: 503", id="an error"),
        pytest.param(ConnectionRefusedError("no"), "ConnectionRefusedError: no", id="no answer"),
    ],
)
async def test_ten_times_in_all(trouble: Answer, why: str) -> None:
    asked = Asked([trouble])
    with pytest.raises(Later, match=f"error getting build ID: {why}"):
        await Tot("http://tot", asked, asked.pause).next_number("unit")
    assert len(asked.addresses) == 10
    assert sum(asked.pauses) == pytest.approx(51.1)


async def test_an_address_that_is_none() -> None:
    asked = Asked([(200, "7")])
    with pytest.raises(Later, match="invalid tot url"):
        await Tot("http://tot:80:80", asked, asked.pause).next_number("unit")
    assert asked.addresses == []


async def test_over_http() -> None:
    class Vending(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Vending) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        assert await Tot(f"http://127.0.0.1:{server.server_port}").next_number("unit") == "/vend/unit"
        server.shutdown()


async def test_nobody_there() -> None:
    asked = Asked([(200, "unused")])
    with pytest.raises(Later, match="error getting build ID: OSError"):
        await Tot("http://127.0.0.1:1", pause=asked.pause).next_number("unit")
