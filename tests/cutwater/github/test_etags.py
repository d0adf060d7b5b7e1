"""What has not changed costs nothing; what one may see is nothing to another."""

from collections.abc import Mapping
from datetime import UTC, datetime

import httpx2
import pytest

from cutwater.errors import Later
from cutwater.github.asking import asking
from cutwater.github.etags import IN_PROCESS, LEAST, ETags, Kept, may_come_again
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Store, Stored
from tests.cutwater.github.answers import Answering

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG = {"body": "x" * LEAST}
LABELS = "/repos/{org}/{repo}/issues/{number}/labels"


def state() -> MemoryStore:
    return MemoryStore(lambda: NOON)


def etags(store: Store) -> ETags:
    """Those of a new process."""
    return ETags(lambda: store)


def unchanged(request: httpx2.Request) -> httpx2.Response:
    """What has the same ETag for everybody, as long as it is the same."""
    if request.headers.get("if-none-match") == '"one"':
        return httpx2.Response(304, headers={"etag": '"one"'})
    headers = {"etag": '"one"', "link": '<http://github/api/v3/more>; rel="last"'}
    return httpx2.Response(200, json=LONG, headers=headers)


async def ask(given: Answering, path: str = "/repos/{org}/{repo}/issues/1") -> object:
    return await given.github.get(path, org="acme", repo="rocket")


async def test_another_process_pays_nothing_for_what_is_the_same() -> None:
    store = state()
    with asking("lgtm") as first:
        assert await ask(Answering(unchanged, etags=etags(store))) == LONG
    with asking("lgtm") as second:
        assert await ask(Answering(unchanged, etags=etags(store))) == LONG
    assert (first.cost, second.cost, second.calls, second.unchanged) == (1, 0, 1, 1)


async def test_what_has_changed_is_new() -> None:
    given = Answering(unchanged, httpx2.Response(200, json={"new": True}), etags=etags(state()))
    assert await ask(given) == LONG
    assert await ask(given) == {"new": True}


async def test_another_identity_is_told_nothing() -> None:
    store = state()
    await ask(Answering(unchanged, etags=etags(store)))
    other = Answering(unchanged, etags=etags(store))
    other.token = "another"
    await ask(other)
    assert "if-none-match" not in other.asked[0].headers


async def test_a_next_page_is_remembered_too() -> None:
    store = state()

    def page(request: httpx2.Request) -> httpx2.Response:
        if "page=2" in str(request.url):
            return httpx2.Response(200, json=[LONG])
        if "if-none-match" in request.headers:
            return httpx2.Response(304)
        link = '<http://github/api/v3/labels?page=2>; rel="next"'
        return httpx2.Response(200, json=[LONG], headers={"etag": '"one"', "link": link})

    for _ in range(2):
        given = Answering(page, etags=etags(store))
        assert await given.github.pages(LABELS, org="acme", repo="rocket", number=1) == [LONG, LONG]


@pytest.mark.parametrize(
    ("path", "body", "is_kept"),
    [
        pytest.param("/repos/{org}/{repo}/issues/1/comments", LONG, True, id="comments"),
        pytest.param("/repos/{org}/{repo}/issues/1", {"x": 1}, False, id="a small answer"),
        pytest.param("/repos/{org}/{repo}/git/blobs/1", LONG, False, id="what is named by its SHA"),
    ],
)
async def test_what_is_kept(path: str, body: object, is_kept: bool) -> None:
    store = state()
    answer = httpx2.Response(200, json=body, headers={"etag": '"one"'})
    await ask(Answering(answer, etags=etags(store)), path)
    assert len([entry async for entry in store.list("etags/")]) == is_kept


@pytest.mark.parametrize("path", ["/search/issues", "/repos/a/b/compare/x...y", f"/repos/a/b/commits/{'a' * 40}"])
def test_what_does_not_come_again(path: str) -> None:
    assert not may_come_again(f"https://api.github.com{path}?per_page=100")


class Broken(MemoryStore):
    """A bucket that cannot be reached."""

    async def get(self, key: str, *, start: int | None = None, end: int | None = None) -> Stored | None:
        raise Later("S3 cannot be reached")

    async def put(
        self,
        key: str,
        body: bytes,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        content_type: str = "application/octet-stream",
        content_encoding: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> Stored:
        raise Later("S3 cannot be reached")


async def test_without_the_bucket_it_only_costs_more() -> None:
    assert await ask(Answering(unchanged, etags=etags(Broken(lambda: NOON)))) == LONG


async def test_what_cannot_be_read_is_asked_for_again() -> None:
    store = state()
    await ask(Answering(unchanged, etags=etags(store)))
    async for entry in store.list("etags/"):
        await store.put(entry.key, b"torn")
    assert await ask(Answering(unchanged, etags=etags(store))) == LONG


async def test_an_answer_in_another_s_place_is_not_its() -> None:
    store, kept = state(), Kept("0f3a" + "0" * 60, '"one"', b"x", "text/plain")
    await etags(store).keep(kept)
    assert await etags(store).find(kept.name) == kept
    assert await etags(store).find("0f3a" + "1" * 60) is None


async def test_a_process_keeps_no_more_than_it_may() -> None:
    here = etags(Broken(lambda: NOON))
    for number in range(20):
        await here.keep(Kept(f"{number:064}", '"one"', b"x" * (IN_PROCESS // 10), "text/plain"))
    assert [await here.find(f"{number:064}") is not None for number in range(20)] == [False] * 10 + [True] * 10
