"""The ledger's pages for operators: off unless wanted, and nothing in a webhook is taken for a page."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from functions.deck.operators import PASSWORD, VARIABLE
from tests.functions.deck.site import NOW, Site
from tests.ledger_story import HOSTILE, lay

GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "on")


async def site_with(count: int = 1) -> Site:
    """A deck, and a ledger of so many webhooks, the newest hostile and failed."""
    site = Site()
    for number in range(1, count):
        await lay(site.edges.state, f"{number:08}-older", received=NOW - timedelta(minutes=number))
    await lay(
        site.edges.state,
        GUID,
        received=NOW,
        outcomes={"lgtm": "failed", "hold": ""},
        text=HOSTILE,
        error=f"Traceback\nValueError: {HOSTILE}",
        is_settled=False,
    )
    return site


@pytest.mark.parametrize("path", ["/events", f"/events/{GUID}", f"/events?guid={GUID}"])
async def test_off_unless_wanted(path: str) -> None:
    page = await (await site_with()).get(path)
    assert page.status == 404
    assert GUID not in page.text
    assert "not shown by this deck" in page.text


async def test_the_list_and_one_webhook(on: None) -> None:
    site = await site_with()
    listed, one = await site.get("/events"), await site.get(f"/events/{GUID[:8]}")
    assert (listed.status, one.status) == (200, 200)
    assert f'href="/events/{GUID}"' in listed.text
    assert 'lgtm <span class="word">failed</span>' in listed.text
    assert "is owed, not begun" in one.text
    assert "ValueError: /kind bug" in one.text


@pytest.mark.parametrize("path", ["/events", f"/events/{GUID}"])
@pytest.mark.parametrize(
    "said, status",
    [
        pytest.param("", 401, id="nothing said"),
        pytest.param("olga:guessed", 401, id="another password"),
        pytest.param("olga:", 401, id="no password"),
        pytest.param("olga:long and random", 200, id="the password"),
    ],
)
async def test_a_password(
    on: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str, said: str, status: int
) -> None:
    (tmp_path / "password").write_text("long and random\n")
    monkeypatch.setenv(PASSWORD, str(tmp_path / "password"))
    site = await site_with()
    headers = {"authorization": f"Basic {base64.b64encode(said.encode()).decode()}"} if said else {}
    page = await site.get(path, **headers)
    assert (page.status, GUID in page.text) == (status, status == 200)
    assert ("www-authenticate" in page.headers) == (status == 401)
    assert (await site.get("/")).status == 200, "the rest is as it was"


@pytest.mark.parametrize(
    "header",
    [pytest.param("Basic !", id="no base64"), pytest.param("Bearer x", id="another scheme")],
)
async def test_what_is_no_password(on: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, header: str) -> None:
    (tmp_path / "password").write_text("")
    monkeypatch.setenv(PASSWORD, str(tmp_path / "password"))
    assert (await (await site_with()).get("/events", authorization=header)).status == 401
    monkeypatch.setenv(PASSWORD, str(tmp_path / "absent"))
    assert (await (await site_with()).get("/events", authorization=header)).status == 502


@pytest.mark.parametrize("path", ["/events", f"/events/{GUID}"])
async def test_nothing_in_a_webhook_is_a_page(on: None, path: str) -> None:
    page = await (await site_with()).get(path)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text
    assert "00ff" not in page.text, "the signature is shown"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "query, found",
    [
        pytest.param("", 50, id="the first page"),
        pytest.param("repo=acme/rocket&pr=7", 50, id="of a pull request"),
        pytest.param("repo=acme/rocket&pr=%238", 0, id="of another"),
        pytest.param("outcome=failed", 1, id="that failed"),
        pytest.param("outcome=what", 50, id="no such outcome is no wish"),
        pytest.param("plugin=hold", 1, id="of a plugin"),
        pytest.param("before=../../etc", 50, id="no place"),
        pytest.param("repo=%3Cscript%3E", 0, id="no repository"),
    ],
)
async def test_filters(on: None, query: str, found: int) -> None:
    page = await (await site_with(60)).get(f"/events?{query}")
    assert (page.status, page.text.count('class="job" href="/events/')) == (200, found)
    assert "<script>" not in page.text.replace('<script type="module"', "")


async def test_the_next_page_goes_on(on: None) -> None:
    site = await site_with(60)
    first = await site.get("/events")
    [older] = [part.partition('"')[0] for part in first.text.split('rel="next" href="')[1:]]
    second = await site.get(older.replace("&amp;", "&"))
    assert second.text.count('class="job" href="/events/') == 10
    assert 'rel="next"' not in second.text


@pytest.mark.parametrize(
    "path, status",
    [
        pytest.param("/events/ab", 404, id="too short"),
        pytest.param("/events/..%2F..", 404, id="no GUID"),
        pytest.param("/events/00000000", 404, id="no webhook"),
        pytest.param("/events/0000", 404, id="several"),
        pytest.param(f"/events?guid={GUID[:9]}", 302, id="asked for by its GUID"),
    ],
)
async def test_what_is_not_there(on: None, path: str, status: int) -> None:
    assert (await (await site_with(3)).get(path)).status == status
