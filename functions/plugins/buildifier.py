"""buildifier: Bazel files that a pull request leaves badly formatted are named in a review.

Source: sigs.k8s.io/prow pkg/plugins/buildifier.
"""

import json
import posixpath

from cutwater.github.edits import AddReview, Remark
from cutwater.github.effects import AddComment
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin
from functions.plugins.linting import Said, absence, files_of, left_out, said_of, texts_of
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.replies import reply

PROGRAM = "buildifier"
CHECK = (PROGRAM, "-mode=check", "-lint=off", "-config=off")
_REWRITES = """
    callsort collapseEmpty editfloat editoctal formatdocstrings label listsort loadTop loadsort multiplus removeParens
    reorderarguments sameOriginLoad sortLoadStatements useRepoPositionalsSort
"""
CHECK_LAYOUT = (*CHECK, *(f"-buildifier_disable={name}" for name in _REWRITES.split()))
"""The same, where calls and lists may be in any order: a file that passes either check is well formatted."""
FINE, UNREADABLE, BADLY_FORMATTED = 0, 1, 4
"""How the program ends."""

plugin = Plugin(
    "buildifier",
    about="Runs buildifier on the Bazel files that a pull request changes, and names those that need formatting.",
    commands=[
        Command(
            "buildify",
            usage="/buildif(y|ier)",
            pattern=r"(?mi)^/buildif(y|ier)\s*$",
            on="pull requests",
            when="open",
            about="Runs buildifier on the changed Bazel files.",
            who=ANYONE,
            examples=("/buildify", "/buildifier"),
        )
    ],
    effects=[AddComment, AddReview],
)


@plugin.on_command("buildify")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """One review that names them. Raises Refused where the pull request is gone."""
    subject = comment.subject
    pull = await pull_request_of(look, subject)
    files = await files_of(look, subject, pull.head.sha, _is_of_bazel)
    if not files:
        return []
    if absent := absence(comment, PROGRAM):
        return [absent]
    texts = await texts_of(look, subject, pull.head.sha, files)
    said = await said_of(look, CHECK, pull.head.sha, texts)
    doubtful = {one.path: texts[one.path] for one in said if one.code == BADLY_FORMATTED}
    layout = await said_of(look, CHECK_LAYOUT, pull.head.sha, doubtful) if doubtful else []
    remarks = [_unreadable(one) for one in said if one.code == UNREADABLE]
    remarks += [_badly_formatted(one.path) for one in layout if one.code == BADLY_FORMATTED]
    checked = [one for one in said if one.code in {FINE, UNREADABLE, BADLY_FORMATTED}]
    summary = f"{len(remarks)} warning{'' if len(remarks) == 1 else 's'}."
    return [
        AddReview(
            subject=subject,
            commit=pull.head.sha,
            body=reply(comment.text, summary + left_out(len(files) - len(checked))),
            remarks=tuple(remarks),
            why=comment.why,
        )
    ]


def _is_of_bazel(path: str) -> bool:
    return "BUILD" in path or "WORKSPACE" in path or posixpath.splitext(path)[1] == ".bzl"


def _badly_formatted(path: str) -> Remark:
    shown = json.dumps(path, ensure_ascii=False)
    body = f"This Bazel file needs formatting, run:\n```shell\nbuildifier -mode=fix {shown}\n```"
    return Remark(path=path, position=1, body=body)


def _unreadable(said: Said) -> Remark:
    """A file that it could not read; upstream says nothing then, of any file."""
    return Remark(path=said.path, position=1, body=f"This Bazel file cannot be read: {said.errors.strip()}")
