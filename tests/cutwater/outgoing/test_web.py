"""The public web: what is asked, and what never is."""

from pathlib import Path

import httpx2
import pytest

from cutwater.errors import Refused
from cutwater.outgoing.web import LONGEST_ANSWER, Page, Web, expect_public

SITES = {
    "https://site.example/a": httpx2.Response(200, text="hello"),
    "https://site.example/moved": httpx2.Response(302, headers={"location": "/a"}),
    "https://site.example/inside": httpx2.Response(302, headers={"location": "http://kubernetes.default.svc/api"}),
    "https://site.example/round": httpx2.Response(302, headers={"location": "/round"}),
    "https://site.example/long": httpx2.Response(200, content=b"x" * (LONGEST_ANSWER + 10)),
}


def web() -> Web:
    return Web(lambda: httpx2.AsyncClient(transport=httpx2.MockTransport(lambda request: SITES[str(request.url)])))


async def test_get() -> None:
    assert await web().get("https://site.example/a") == Page(200, b"hello", 5)


async def test_it_follows_to_another_place() -> None:
    assert (await web().get("https://site.example/moved")).body == b"hello"


async def test_only_the_beginning_of_a_long_answer_is_read() -> None:
    assert len((await web().get("https://site.example/long")).body) == LONGEST_ANSWER
    longer = await web().get("https://site.example/long", most=LONGEST_ANSWER + 20)
    assert len(longer.body) == LONGEST_ANSWER + 10


@pytest.mark.parametrize(
    "address, says",
    [
        pytest.param("https://site.example/inside", "no address of the public web", id="sent to where we live"),
        pytest.param("https://site.example/round", "round and round", id="sent to itself"),
    ],
)
async def test_where_it_does_not_follow(address: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        await web().head(address)


@pytest.mark.parametrize(
    "address, is_public",
    [
        ("https://random.dog/woof.json", True),
        ("http://random.dog/woof.json", False),
        ("https://127.0.0.1/", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://[::1]/", False),
        ("https://127.1/", False),
        ("https://localhost/", False),
        ("https://hook/", False),
        ("https://kubernetes.default.svc/", False),
        ("https://kubernetes.default.svc.cluster.local./", False),
        ("https://metadata.google.internal/", False),
        ("https://user@127.0.0.1/", False),
        ("file:///etc/passwd", False),
        ("https://[/", False),
        ("", False),
    ],
)
def test_public(address: str, is_public: bool) -> None:
    if is_public:
        expect_public(address)
        return
    with pytest.raises(Refused):
        expect_public(address)


async def test_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(" secret\n")
    assert [await web().key(name) for name in (str(file), "", str(tmp_path / "none"))] == ["secret", "", ""]
