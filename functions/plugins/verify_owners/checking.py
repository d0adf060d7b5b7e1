"""What is wrong in an OWNERS file that a pull request changes, and whom it adds. Pure.

Source: sigs.k8s.io/prow pkg/plugins/verify-owners (parseOwnersFile).
"""

import posixpath
import re
from collections.abc import Collection

from msgspec import Struct

from cutwater.config.findings import ConfigError, Source
from cutwater.config.owners import written_in
from cutwater.config.patterns import matches
from cutwater.github.edits import Remark
from cutwater.github.types import PullFile
from functions.plugins.patches import positions


class Named(Struct, frozen=True):
    """The reviewers and approvers in a file, as they are written, one each time that they are."""

    logins: tuple[str, ...]


def checked(file: PullFile, text: bytes, denied_labels: Collection[str]) -> Named | Remark:
    """Whom a file names, or what must be mended in it first."""
    try:
        people = tuple(written_in(Source(file.filename, text)).file.filters.values())
    except ConfigError as error:
        first = error.findings[0]
        position = positions(file.patch).get(first.line, 1)
        return Remark(path=file.filename, position=position, body=f"Cannot parse file: {first}.")
    denied = sorted({label for one in people for label in one.labels} & set(denied_labels))
    if denied:
        return _remark(file, f"File contains banned labels: [{' '.join(denied)}].")
    if "/" not in file.filename and not any(one.approvers for one in people):
        name = posixpath.basename(file.filename)
        return _remark(file, f"No approvers defined in this root directory {name} file.")
    reviewers = [login for one in people for login in one.reviewers]
    return Named((*reviewers, *(login for one in people for login in one.approvers)))


def _remark(file: PullFile, body: str) -> Remark:
    return Remark(path=file.filename, position=1, body=body)


def is_added(login: str, patch: str) -> bool:
    """Whether a patch adds somebody to a list: one name a line is looked for."""
    return matches(rf"\+\s*-\s*\b{re.escape(login)}\b", patch)
