"""`cutwater why`: what it prints of what tide has kept."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from inline_snapshot import snapshot

from cutwater.cli.events import reached
from cutwater.events.edges import Edges
from cutwater.events.explanations import Decision, Estimate, Explained, Explanation, Lack, RequiredTest
from cutwater.events.pools import EXPLANATIONS, key_of
from cutwater.storage.memory import MemoryStore
from tests.cutwater.cli.conftest import Command
from tests.edges import edges
from tests.world import configuration

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """The state bucket that the command reads."""
    store = MemoryStore(lambda: NOON)
    world: Edges = edges(config=configuration(), state=store, clock=lambda: NOON)
    monkeypatch.setattr(reached, "edges_of", lambda chosen: world)
    monkeypatch.setenv("CUTWATER_CONFIG_PATH", "config.yaml")
    return store


def lay(store: MemoryStore, branch: str, explained: Explained, repo: str = "rocket") -> None:
    asyncio.run(store.put(key_of(EXPLANATIONS, "acme", repo, branch), msgspec.json.encode(explained)))


WHOLE = Explanation(
    number=7,
    title="Cool the \x1b[31mengines",
    author="bob",
    head="c" * 40,
    verdict="testing",
    says="It is being tested on main at bbbbbbbb, together with #8.",
    since=NOON - timedelta(minutes=3),
    status="pending",
    description="Not mergeable. Retesting: unit",
    lacks=(Lack("flight has failed; /test flight runs it again", "author", "http://deck/view/1"),),
    ways=((Lack("needs the label lgtm", "reviewer"),), (Lack("must be by author batman", "nobody"),)),
    tests=(RequiredTest("unit", "pending", job="unit", run="abc", url="http://deck/view/2", beside=(8,)),),
    place=2,
    places=3,
    expected=Estimate("tests take about 20 min here", NOON + timedelta(minutes=17)),
    decided="waited: a batch is being tested",
    decisions=(Decision(NOON - timedelta(minutes=3), "its tests were started", "they have not been tested together"),),
)


def test_all_of_it(cutwater: Command, kept: MemoryStore) -> None:
    lay(kept, "main", Explained(base="b" * 40, pulls={7: WHOLE}))
    printed = cutwater("why", "acme/rocket#7")
    assert (printed.status, printed.err) == (0, "")
    assert printed.out == snapshot("""\
#7 Cool the \\x1b[31mengines (by bob, to main, head cccccccc)
testing: It is being tested on main at bbbbbbbb, together with #8.
  so since 2026-03-02 11:57:00Z
  in the queue: 2 of 3
  expected to merge: 2026-03-02 12:17:00Z, if all goes well (tests take about 20 min here)
  the status tide: pending, Not mergeable. Retesting: unit
  tide's last look: waited: a batch is being tested

what is in the way, and who can mend it:
  flight has failed; /test flight runs it again — its author http://deck/view/1

for the nearest query:
  needs the label lgtm — a reviewer or approver

or for another query:
  must be by author batman — nobody

its tests on the branch as it is:
  pending  unit together with #8 http://deck/view/2

what happened, the newest first:
  2026-03-02 11:57:00Z  its tests were started (because: they have not been tested together)
""")


def test_for_programs(cutwater: Command, kept: MemoryStore) -> None:
    lay(kept, "main", Explained(base="b" * 40, pulls={7: WHOLE}))
    facts = msgspec.json.decode(cutwater("why", "acme/rocket#7", "--json").out)
    assert facts["branch"] == "main"
    assert msgspec.convert(facts["explanation"], Explanation) == WHOLE


def test_the_branch_that_it_is_for_by_now(cutwater: Command, kept: MemoryStore) -> None:
    gone = msgspec.structs.replace(WHOLE, verdict="gone", says="It is not open any more.", since=NOON)
    lay(kept, "main", Explained(pulls={7: gone}))
    lay(kept, "release/1", Explained(pulls={7: WHOLE}))
    assert "to release/1, head" in cutwater("why", "acme/rocket#7").out


ARCHIVED = Explained(trouble=Lack("the repository is archived", "cutwater"))


@pytest.mark.parametrize(
    ("asked", "explained", "says"),
    [
        pytest.param("rocket", None, "rocket is no ORG/REPO#NUMBER", id="no pull request"),
        pytest.param("acme/pad#7", None, "no query of tide's is about acme/pad", id="no query"),
        pytest.param("acme/rocket#7", None, "tide has explained nothing of acme/rocket", id="never looked"),
        pytest.param("acme/rocket#7", Explained(), "tide has looked at main: it is closed, or", id="another is known"),
        pytest.param(
            "acme/rocket#7",
            ARCHIVED,
            "trouble with main: the repository is archived — who can mend it: an admin",
            id="trouble",
        ),
    ],
)
def test_nothing_is_known(
    cutwater: Command, kept: MemoryStore, asked: str, explained: Explained | None, says: str
) -> None:
    if explained is not None:
        lay(kept, "main", explained)
    printed = cutwater("why", asked)
    assert (printed.status, printed.out) == (1, "")
    assert says in printed.err
