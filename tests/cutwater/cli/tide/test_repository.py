"""The simulated repository: what is in a commit, and what cannot be put on it."""

from cutwater.cli.tide.repository import Proposal, Repository
from tests.cutwater.cli.tide.queues import changes


def repository(count: int = 4) -> tuple[Repository, list[Proposal]]:
    """Of the changes, 3 conflicts with 1."""
    found = Repository(["unit"])
    return found, [found.open(change) for change in changes(count, conflicts={3: {1}})]


def test_a_stack_leaves_out_what_conflicts() -> None:
    found, proposals = repository()
    stack = found.stack([one.pull for one in proposals], base=found.base, limit=0)
    assert [layer.number for layer in stack.layers] == [1, 2, 4]
    assert stack.left_out == {3: "it conflicts with #1"}
    assert stack.base_tree == found.tree_of(found.base)


def test_a_stack_is_no_higher_than_it_may_be() -> None:
    found, proposals = repository()
    stack = found.stack([one.pull for one in proposals], base=found.base, limit=2)
    assert [layer.number for layer in stack.layers] == [1, 2]


def test_a_tree_does_not_tell_the_order() -> None:
    found, (one, two, *_) = repository()
    there = found.stack([one.pull, two.pull], base=found.base, limit=0).layers[-1]
    back = found.stack([two.pull, one.pull], base=found.base, limit=0).layers[-1]
    assert there.tree == back.tree
    assert there.commit != back.commit


def test_a_layer_is_what_a_merge_makes() -> None:
    found, (one, two, *_) = repository()
    stack = found.stack([one.pull, two.pull], base=found.base, limit=0)
    for proposal, layer in zip((one, two), stack.layers, strict=True):
        found.base = found.put_on(found.base, proposal.pull.head)
        assert (found.base, found.tree_of(found.base)) == (layer.commit, layer.tree)


def test_a_rebase_ends_a_conflict() -> None:
    found, (one, _, three, _) = repository()
    found.base = found.put_on(found.base, one.pull.head)
    assert not found.is_mergeable(three.pull)
    head = three.pull.head
    found.push(three)
    assert three.pull.head != head
    assert found.is_mergeable(three.pull)
