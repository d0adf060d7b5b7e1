"""The comment that lists the failed tests of a pull request: what of it is written, changed and deleted. Pure.

A row is a test that failed. Rows of other tests are carried over from comment to comment as they stand there, so that
the newest comment is the whole list. Source: sigs.k8s.io/prow pkg/github/report.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from cutwater.prowjob.labels import IS_OPTIONAL
from cutwater.prowjob.types import ProwJob

TAG = "<!-- test report -->"
"""By this a comment of ours is known to be such a list."""

_HEADER = "Test name | Commit | Details | Required | Rerun command\n--- | --- | --- | --- | ---"
_ABOUT = (
    "Instructions for interacting with me using PR comments are available "
    "[here](https://git.k8s.io/community/contributors/guide/pull-requests.md).  If you have questions or suggestions "
    "related to my behavior, please file an issue against the [kubernetes-sigs/prow]"
    "(https://github.com/kubernetes-sigs/prow/issues/new?title=Prow%20issue:) repository. I understand the commands "
    "that are listed [here](https://go.k8s.io/bot-commands)."
)
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class Own(Struct, frozen=True):
    """A comment that we have written."""

    id: int
    body: str


class Change(Struct, frozen=True, kw_only=True):
    """What becomes of our comments: `rows` go into the one to be edited, or where that is None into a new one."""

    rows: tuple[str, ...] = ()
    delete: tuple[int, ...] = ()
    edit: int | None = None


def change_for(jobs: Sequence[ProwJob], own: Iterable[Own]) -> Change:
    """What the ends of these runs change. `own`: our comments, oldest first.

    A test that failed makes a new comment, so that people are notified; where rows only go, the latest is edited.
    """
    reports = [comment for comment in own if TAG in comment.body]
    contexts = {job.spec.context for job in jobs}
    carried = [row for row in _newest(reports) if _test(row) not in contexts]
    failed = [_row(job) for job in jobs if job.status.state == "failure"]
    ids = tuple(report.id for report in reports)
    if ids and carried and not failed:
        return Change(rows=tuple(carried), delete=ids[:-1], edit=ids[-1])
    return Change(rows=(*carried, *failed), delete=ids)


def body_of(rows: Sequence[str], *, author: str, extra: str | None) -> str:
    """The whole comment. `extra`: what the repository's template says, None where it has no template."""
    if rows:
        plural = "s" if len(rows) > 1 else ""
        lines = [
            f"@{author}: The following test{plural} **failed**, say `/retest` to rerun all failed tests "
            "or `/retest-required` to rerun all mandatory failed tests:",
            "",
            _HEADER,
            *rows,
        ]
    else:
        lines = [f"@{author}: all tests **passed!**", ""]
    lines += [] if extra is None else ["", extra]
    return "\n".join([*lines, "", "<details>", "", _ABOUT, "</details>", TAG])


def _newest(reports: Iterable[Own]) -> list[str]:
    """The rows of all reports; of those for the same test the last."""
    rows = [row for report in reports for row in _rows(report.body)]
    last = {_test(row): index for index, row in enumerate(rows)}
    return [row for index, row in enumerate(rows) if last[_test(row)] == index]


def _rows(body: str) -> Iterator[str]:
    """The lines between one of dashes and an empty one."""
    is_within = False
    for line in map(str.strip, body.split("\n")):
        if line.startswith("---"):
            is_within = True
        elif not line:
            is_within = False
        elif is_within:
            yield line


def _test(row: str) -> str:
    return row.partition(" | ")[0]


def _row(job: ProwJob) -> str:
    pulls = job.spec.refs.pulls if job.spec.refs else ()
    commit = pulls[0].sha if pulls else ""
    link = f"[link]({job.status.url})"
    return " | ".join([job.spec.context, commit, link, _required(job), f"`{job.spec.rerun_command}`"])


def _required(job: ProwJob) -> str:
    optional = job.metadata.labels.get(IS_OPTIONAL, "")
    if job.spec.type != "presubmit" or optional not in _TRUE | _FALSE:
        return "unknown"
    return "false" if optional in _TRUE else "true"
