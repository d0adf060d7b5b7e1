import pytest

from functions.plugins.cherrypicker.asking import Request, Said, asked_in, requests


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        pytest.param("/cherrypick stage", {"stage": ()}, id="one"),
        pytest.param("/cherry-pick stage", {"stage": ()}, id="with a hyphen"),
        pytest.param("/cherrypick r1 r0 r-1", {"r1": ("r0", "r-1")}, id="a chain"),
        pytest.param("a\r\n/cherrypick r2\r\n/cherry-pick r1\r\nb", {"r2": (), "r1": ()}, id="several"),
        pytest.param("/cherrypick r1 r0\n/cherrypick r1", {"r1": ()}, id="of two for one branch the later"),
        pytest.param("/cherrypick\nstage", {"stage": ()}, id="the branch on the next line"),
        pytest.param("/cherrypick\n\n\tstage x", {"stage": ("x",)}, id="further below"),
        pytest.param("/cherrypick", {}, id="no branch"),
        pytest.param("/cherrypick  ", {}, id="blanks (upstream dies of them)"),
        pytest.param("/cherrypick \r\n", {}, id="a blank and a carriage return"),
        pytest.param("/CherryPick stage", {}, id="in capitals"),
        pytest.param(" /cherrypick stage", {}, id="indented"),
        pytest.param("> /cherrypick stage", {}, id="quoted"),
        pytest.param("/cherrypicked stage", {}, id="another word"),
    ],
)
def test_a_text(text: str, asked: dict[str, tuple[str, ...]]) -> None:
    assert asked_in(text) == asked


BODY = Said("pat", "It flies.\n/cherrypick r3")
ALICE = Said("alice", "/cherrypick r1 r0", "a")
AGAIN = Said("alice", "/cherrypick r1", "b")
BOB = Said("bob", "/cherrypick r1 r-1", "c")


@pytest.mark.parametrize(
    ("written", "labels", "asked"),
    [
        pytest.param([], [], [], id="nobody"),
        pytest.param([BODY], [], [Request("pat", "r3", (), BODY)], id="the text of the pull request"),
        pytest.param(
            [ALICE, AGAIN], [], [Request("alice", "r1", ("r0",), AGAIN)], id="the later comment, the last chain"
        ),
        pytest.param(
            [ALICE, BOB],
            [],
            [Request("alice", "r1", ("r-1",), ALICE), Request("bob", "r1", ("r-1",), BOB)],
            id="the chain is the branch's, whoever said it",
        ),
        pytest.param([BODY], ["cp/r3", "kind/bug"], [Request("pat", "r3")], id="a label is before the author's words"),
        pytest.param(
            [ALICE], ["cp/r1"], [Request("alice", "r1", ("r0",), ALICE), Request("pat", "r1", ("r0",))], id="both"
        ),
    ],
)
def test_all_that_is_asked_for(written: list[Said], labels: list[str], asked: list[Request]) -> None:
    assert requests(written, labels, prefix="cp/", author="pat") == asked
