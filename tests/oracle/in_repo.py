"""A repository's own jobs as rows have them: the branch's, and each head's beside them; as trees and blobs."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from cutwater.errors import Refused

Given = Mapping[str, Any]
_GIT = "/repos/{org}/{repo}/git/"
_COMPARE = "/repos/{org}/{repo}/compare/"


class InRepo:
    """What GitHub answers of the row's commits. A head with an error cannot be read."""

    def __init__(self, given: Given) -> None:
        brought = given.get("in_repo") or {}
        by_number = brought.get("by_pr") or {}
        self._base = given["base_sha"]
        on_branch = {"0.yaml": brought["base"]} if brought.get("base") else {}
        self._folders: dict[str, dict[str, str]] = {self._base: on_branch}
        self._errors: dict[str, str] = {}
        for pull in given["prs"]:
            own = by_number.get(str(pull["number"])) or {}
            more = {f"1-{pull['number']:06}.yaml": own["yaml"]} if own.get("yaml") else {}
            self._folders[pull["head_sha"]] = on_branch | more
            if own.get("error"):
                self._errors[pull["head_sha"]] = own["error"]
        self._trees = {_sha(folder): folder for folder in self._folders.values()}
        self._blobs = {_sha(text): text for folder in self._folders.values() for text in folder.values()}

    def get(self, path: str, parts: Mapping[str, Any]) -> Any:
        """The answer to a question about trees, blobs and ancestors; None to any other."""
        if path.startswith(_COMPARE):
            return {"merge_base_commit": {"sha": self._base}}
        if not path.startswith((f"{_GIT}trees", f"{_GIT}blobs")):
            return None
        sha = parts["sha"]
        if sha in self._errors:
            raise Refused(self._errors[sha])
        if sha in self._blobs:
            return {"content": base64.b64encode(self._blobs[sha].encode()).decode(), "encoding": "base64"}
        if sha in self._folders:
            folder = self._folders[sha]
            return {"sha": sha, "tree": [_entry(".prow", "tree", _sha(folder))] if folder else []}
        return {"sha": sha, "tree": [_entry(name, "blob", _sha(text)) for name, text in self._trees[sha].items()]}


def _entry(path: str, kind: str, sha: str) -> dict[str, str]:
    return {"path": path, "mode": "040000" if kind == "tree" else "100644", "type": kind, "sha": sha}


def _sha(of: object) -> str:
    return hashlib.sha1(repr(of).encode(), usedforsecurity=False).hexdigest()
