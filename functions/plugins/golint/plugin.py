"""golint: what golint finds in the lines that a pull request adds is said in a review.

Source: sigs.k8s.io/prow pkg/plugins/golint.
"""

import posixpath
from collections.abc import Iterable

from cutwater.config.configuration import Configuration
from cutwater.config.sections import Golint
from cutwater.github.edits import AddReview, Remark
from cutwater.github.effects import AddComment, Subject
from cutwater.github.types import PullFile
from functions.plugins.golint.problems import Problem, printed
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin
from functions.plugins.linting import Said, absence, files_of, left_out, said_of, texts_of
from functions.plugins.patches import positions
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.replies import reply

PROGRAM = "golint"
CONFIDENCE = 0.8
"""How sure golint must be where it is not configured."""
TAG = "<!-- golint -->"
"""By this our remarks are known again."""
MOST_REMARKS = 20
"""So many remarks a pull request may have, those that are there already among them."""

plugin = Plugin(
    "golint",
    about="Runs golint on the *.go files that a pull request changes, and says in a review what it finds.",
    commands=[
        Command(
            "lint",
            pattern=r"(?mi)^/lint\s*$",
            on="pull requests",
            when="open",
            about="Runs golint on the changed *.go files.",
            who=ANYONE,
            examples=("/lint",),
        )
    ],
    effects=[AddComment, AddReview],
)


def confidence(config: Configuration) -> float:
    """From 0 to 1."""
    found = config.plugins.section("golint", Golint).minimum_confidence
    return CONFIDENCE if found is None else found


@plugin.on_command("lint")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """One review of all that is found. Raises Refused where the pull request is gone."""
    subject = comment.subject
    pull = await pull_request_of(look, subject)
    head = pull.head.sha
    files = {file.filename: file for file in await files_of(look, subject, head, _is_go)}
    if not files:
        return []
    if absent := absence(comment, PROGRAM):
        return [absent]
    texts = await texts_of(look, subject, head, files.values())
    command = [PROGRAM, f"-min_confidence={confidence(look.config):g}"]
    said = [one for one in await said_of(look, command, head, texts) if one.code == 0]
    broken = [_unreadable(one, files[one.path]) for one in said if one.errors]
    found = {
        place: problem
        for one in said
        for place, problem in _placed(files[one.path], printed(one.output, one.path, texts[one.path]))
    }
    known = await _remarked(look, subject) if found else set()
    fresh = {place: problem for place, problem in found.items() if place not in known}
    old = len(found) - len(fresh)
    remarks = [*broken, *(_remark(*place, problem) for place, problem in fresh.items())]
    return [
        AddReview(
            subject=subject,
            commit=head,
            body=reply(comment.text, _summary(old, len(fresh)) + left_out(len(files) - len(said))),
            remarks=tuple(remarks[: max(0, MOST_REMARKS - old)]),
            why=comment.why,
        )
    ]


def _is_go(path: str) -> bool:
    return posixpath.splitext(path)[1] == ".go" and not path.startswith("vendor/")


Place = tuple[str, int]
"""A path, and a position in its patch."""


def _placed(file: PullFile, problems: Iterable[Problem]) -> Iterable[tuple[Place, Problem]]:
    """The problems in lines that the pull request adds."""
    added = positions(file.patch)
    return (((file.filename, added[one.line]), one) for one in problems if one.line in added)


def _remark(path: str, position: int, problem: Problem) -> Remark:
    return Remark(path=path, position=position, body=f"{problem.words}{TAG}")


def _unreadable(said: Said, file: PullFile) -> Remark:
    """A file that golint could not read: where it says so, if that line is new."""
    (problem, *_) = [*printed(said.errors, said.path, b""), Problem(line=0, text=said.errors.strip())]
    return Remark(path=said.path, position=positions(file.patch).get(problem.line, 1), body=problem.text)


async def _remarked(look: Look, subject: Subject) -> set[Place]:
    """The places at which there is a remark of ours already."""
    found = await look.github.pages("/repos/{org}/{repo}/pulls/{number}/comments", **subject.parts)
    return {(one["path"], one["position"]) for one in found if TAG in (one["body"] or "") and one.get("position")}


def _summary(old: int, new: int) -> str:
    ending = "" if old + new == 1 else "s"
    if old:
        return f"{old} unresolved warning{ending} and {new} new warning{ending}."
    return f"{new} warning{ending}."
