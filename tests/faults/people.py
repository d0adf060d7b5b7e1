"""What people say and do on pull requests, and what each must be like when the last word on each thing has won."""

import random
from dataclasses import dataclass, field

from infra.local.github import issues, seeds
from infra.local.github import seed as shape
from infra.local.github.handles import Issue
from infra.local.github.people import account_of
from infra.local.github.server import GitHub

SKIFF = "acme/skiff"
"""Their repository. There is no git behind it: a push is only told of."""
PLUGINS = """
plugins: {acme/skiff: {plugins: [assign, hold, label, lgtm, lifecycle, retitle, stage]}}
label: {additional_labels: [api-review]}
"""
LABELS = ("api-review", "do-not-merge/hold", "kind/bug", "lgtm")
FAMILIES = ("lifecycle/active", "lifecycle/rotten", "lifecycle/stale", "stage/alpha", "stage/beta", "stage/stable")
ACTS_EACH = 12
AUTHOR, REVIEWER, OTHER = "carol", "alice", "dave"


@dataclass(frozen=True, slots=True)
class Push:
    """The author pushes a commit."""


SAID = (
    "/hold",
    "/hold cancel",
    "/lgtm",
    "/lgtm cancel",
    "/label api-review",
    "/remove-label api-review",
    "/kind bug",
    "/remove-kind bug",
    f"/assign {OTHER}",
    f"/unassign {OTHER}",
    f"/cc {OTHER}",
    f"/uncc {OTHER}",
    "/lifecycle stale",
    "/lifecycle rotten",
    "/remove-lifecycle stale",
    "/stage alpha",
    "/stage beta",
    "/remove-stage alpha",
)
UNKNOWN = "/label unheard-of"
"""It is answered each time, and only once."""


@dataclass(slots=True)
class Expected:
    """What a pull request must be like. `unknown`: how often it was asked for a label that there is not."""

    title: str
    labels: set[str] = field(default_factory=set)
    is_assigned: bool = False
    is_asked: bool = False
    unknown: int = 0

    def hear(self, act: str | Push) -> None:
        """Something was said or done after all that was before."""
        if isinstance(act, Push):
            self.labels.discard("lgtm")
            return
        command, _, argument = act.partition(" ")
        match command.strip("/"):
            case "hold":
                self._label("do-not-merge/hold", present=not argument)
            case "lgtm":
                self._label("lgtm", present=not argument)
            case "kind" | "remove-kind":
                self._label("kind/bug", present=command == "/kind")
            case "label" if act == UNKNOWN:
                self.unknown += 1
            case "label" | "remove-label":
                self._label(argument, present=command == "/label")
            case "assign" | "unassign":
                self.is_assigned = command == "/assign"
            case "cc" | "uncc":
                self.is_asked = command == "/cc"
            case "retitle":
                self.title = argument
            case "lifecycle" | "stage":
                family = command.strip("/")
                self.labels = {label for label in self.labels if not label.startswith(f"{family}/")}
                self._label(f"{family}/{argument}", present=True)
            case "remove-lifecycle" | "remove-stage":
                self._label(f"{command.removeprefix('/remove-')}/{argument}", present=False)
            case other:
                raise ValueError(other)

    def _label(self, name: str, *, present: bool) -> None:
        (self.labels.add if present else self.labels.discard)(name)


class Crowd:
    """People who do `count` things, at random but the same for the same dice. `hook`: address and secret of the hook.

    `expected`: what each pull request must be like in the end, by its number.
    """

    def __init__(self, github: GitHub, dice: random.Random, count: int, *, hook: tuple[str, str]) -> None:
        self._github, self._dice = github, dice
        self._titles = 0
        numbers = range(1, max(2, count // ACTS_EACH) + 1)
        self.expected = {number: Expected(_title(number)) for number in numbers}
        repository = shape.Repository(
            name=SKIFF,
            is_described=True,
            branches={"main": shape.Branch(sha="base")},
            collaborators={REVIEWER: "write", OTHER: "write"},
            labels=(*LABELS, *FAMILIES),
            hooks=(shape.Hook(*hook, events=("issue_comment", "pull_request")),),
            issues=tuple(_pull(number) for number in numbers),
        )
        self._skiff, *_ = seeds.load(github.world(), shape.Seed((), (), (repository,)))

    def pull(self, number: int) -> Issue:
        return self._skiff.issue(number)

    def act(self) -> None:
        """One of them does something. GitHub keeps the webhook, and does not send it yet."""
        number = self._dice.choice(list(self.expected))
        act, hub, pull = self._next(), self._github.hub, self.pull(number).record
        self.expected[number].hear(act)
        with hub.store.transaction():
            if isinstance(act, Push):
                author = account_of(hub, AUTHOR)
                issues.tell(hub, issues.touch(hub, pull), "synchronize", author, before="a", after="b")
            else:
                issues.comment(hub, pull, act, account_of(hub, REVIEWER))

    def _next(self) -> str | Push:
        choice = self._dice.randrange(len(SAID) + 5)
        if choice < len(SAID):
            return SAID[choice]
        if choice < len(SAID) + 2:
            return Push()
        if choice == len(SAID) + 2:
            return UNKNOWN
        self._titles += 1
        return f"/retitle Title {self._titles}"


def _title(number: int) -> str:
    return f"Change {number}"


def _pull(number: int) -> shape.Issue:
    change = shape.Pull(base_ref="main", head_ref=f"topic-{number}", head_sha=f"head{number}")
    return shape.Issue(number=number, title=_title(number), author=AUTHOR, pull_request=change)
