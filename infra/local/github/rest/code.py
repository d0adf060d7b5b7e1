"""REST: branches and their protection, refs, commits, comparisons, contents, trees and blobs, tags."""

from datetime import UTC, datetime

from infra.local.github import forms, pull_forms
from infra.local.github.code import Item, code_of, in_base64
from infra.local.github.errors import Invalid, NotFound
from infra.local.github.rest.calls import Answer, Call, Route

HISTORY = 1000
"""How many commits back a list of commits goes."""
LARGE = 1_000_000
"""Bytes up to which the contents API gives a file's content. Source: docs.github.com, "Get repository content"."""


def list_commits(call: Call) -> Answer:
    query = call.query
    code = code_of(call.hub, call.here)
    sha = code.resolve(query.get("sha") or call.here.default_branch)
    if sha is None:
        raise NotFound
    rows = code.history(sha, query.get("path") or None, HISTORY)
    if "since" in query:
        rows = [row for row in rows if row.committer.date >= _time(query["since"])]
    if "until" in query:
        rows = [row for row in rows if row.committer.date <= _time(query["until"])]
    if "author" in query:
        rows = [
            row
            for row in rows
            if query["author"] in (pull_forms.login_of(call.hub, row.author, row.author_login), row.author.email)
        ]
    return call.listed(rows, lambda hub, row: pull_forms.commit(hub, call.here, row))


def get_commit(call: Call) -> Answer:
    code = code_of(call.hub, call.here)
    sha = code.resolve(call.args["ref"])
    commit = code.commit(sha) if sha else None
    if commit is None:
        raise Invalid(f"No commit found for SHA: {call.args['ref']}")
    if "sha" in call.headers.get("accept", "").rpartition(".")[2]:
        return Answer(200, commit.sha.encode(), {"content-type": "application/vnd.github.sha; charset=utf-8"})
    return Answer(200, pull_forms.commit(call.hub, call.here, commit, with_files=True))


def get_git_commit(call: Call) -> Answer:
    commit = code_of(call.hub, call.here).commit(call.args["sha"])
    if commit is None:
        raise NotFound
    return Answer(200, pull_forms.git_commit(call.hub, call.here, commit))


def pulls_of_commit(call: Call) -> Answer:
    sha = call.args["ref"]
    rows = [
        row
        for row in call.hub.issues_of.all(call.here.id)
        if row.pull and sha in (row.pull.head_sha, row.pull.merge_sha)
    ]
    return call.listed(rows, pull_forms.pull)


def compare(call: Call) -> Answer:
    """`base...head`; either may be "owner:branch" of a fork."""
    base_name, dots, head_name = call.args["span"].partition("...")
    code = code_of(call.hub, call.here)
    base = code.resolve(base_name.rpartition(":")[2]) if dots else None
    head = _compared(call, head_name) if dots else None
    base_commit = code.commit(base) if base else None
    found = code.compare(base, head) if base and head else None
    if base_commit is None or found is None or head is None:
        raise NotFound
    page, api = forms.page_of(call.hub, call.here), forms.api_of(call.hub, call.here)
    ahead, behind = len(found.ahead), found.behind
    state = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    html = f"{page}/compare/{call.args['span']}"
    return Answer(
        200,
        {
            "url": f"{api}/compare/{call.args['span']}",
            "html_url": html,
            "permalink_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "base_commit": pull_forms.commit(call.hub, call.here, base_commit),
            "merge_base_commit": pull_forms.commit(call.hub, call.here, found.merge_base),
            "status": state,
            "ahead_by": ahead,
            "behind_by": behind,
            "total_commits": ahead,
            "commits": [pull_forms.commit(call.hub, call.here, row) for row in found.ahead[:250]],
            "files": [pull_forms.file(call.hub, call.here, row, head) for row in found.files[:300]],
        },
    )


def get_contents(call: Call) -> Answer:
    """A file with its content, or a folder's entries."""
    code, path = code_of(call.hub, call.here), call.args.get("path", "").strip("/")
    sha = code.resolve(call.query.get("ref") or call.here.default_branch)
    if sha is None:
        raise NotFound(f"No commit found for the ref {call.query.get('ref')}")
    ref = call.query.get("ref") or call.here.default_branch
    found = code.file(sha, path) if path else None
    if found is None:
        items = code.folder(sha, path)
        if items is None:
            raise NotFound
        return Answer(200, [_content_form(call, item, ref) for item in items])
    if "raw" in call.headers.get("accept", ""):
        return Answer(200, found[1], {"content-type": "application/vnd.github.raw; charset=utf-8"})
    blob_sha, body = found
    form = _content_form(call, Item(path, "blob", "100644", blob_sha, len(body)), ref)
    small = len(body) <= LARGE
    return Answer(
        200,
        form | {"content": in_base64(body) if small else "", "encoding": "base64" if small else "none"},
    )


def get_tree(call: Call) -> Answer:
    recursive = call.query.get("recursive", "") not in ("", "0", "false")
    found = code_of(call.hub, call.here).tree(call.args["sha"], recursive=recursive)
    if found is None:
        raise NotFound
    sha, items = found
    api = forms.api_of(call.hub, call.here)
    return Answer(
        200,
        {
            "sha": sha,
            "url": f"{api}/git/trees/{sha}",
            "tree": [_tree_entry(api, item) for item in items],
            "truncated": False,
        },
    )


def get_blob(call: Call) -> Answer:
    body = code_of(call.hub, call.here).blob(call.args["sha"])
    if body is None:
        raise NotFound
    sha = call.args["sha"]
    return Answer(
        200,
        {
            "sha": sha,
            "node_id": f"B_{sha}",
            "size": len(body),
            "url": f"{forms.api_of(call.hub, call.here)}/git/blobs/{sha}",
            "content": in_base64(body),
            "encoding": "base64",
        },
    )


def _compared(call: Call, name: str) -> str | None:
    owner, colon, branch = name.rpartition(":")
    if colon and owner.lower() != call.here.owner.lower():
        fork = call.hub.repository(f"{owner}/{call.here.name}")
        ref = call.hub.branch(fork, branch) if fork else None
        return ref.sha if ref else None
    return code_of(call.hub, call.here).resolve(branch)


def _content_form(call: Call, item: Item, ref: str) -> dict[str, object]:
    api, page = forms.api_of(call.hub, call.here), forms.page_of(call.hub, call.here)
    kind = {"tree": "dir", "commit": "submodule"}.get(item.kind, "symlink" if item.mode == "120000" else "file")
    url = f"{api}/contents/{item.path}?ref={ref}"
    git = f"{api}/git/{'trees' if kind == 'dir' else 'blobs'}/{item.sha}"
    html = f"{page}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{item.path}"
    return {
        "name": item.path.rpartition("/")[2],
        "path": item.path,
        "sha": item.sha,
        "size": item.size or 0,
        "url": url,
        "html_url": html,
        "git_url": git,
        "download_url": None if kind == "dir" else f"{page}/raw/{ref}/{item.path}",
        "type": kind,
        "_links": {"self": url, "git": git, "html": html},
    }


def _tree_entry(api: str, item: Item) -> dict[str, object]:
    kind = "trees" if item.kind == "tree" else "blobs"
    entry: dict[str, object] = {"path": item.path, "mode": item.mode, "type": item.kind, "sha": item.sha}
    if item.size is not None:
        entry["size"] = item.size
    return entry | {"url": f"{api}/git/{kind}/{item.sha}"}


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"Invalid request.\n\n{text} is not a time.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_R = "/repos/{owner}/{repo}"
_READ = ("contents:read",)
_WRITE = ("contents:write",)
_GUARD = _R + "/branches/{branch}/protection"
ROUTES = [
    Route("GET", _R + "/commits", list_commits, app=_READ),
    Route("GET", _R + "/commits/{ref}", get_commit, app=_READ),
    Route("GET", _R + "/commits/{ref}/pulls", pulls_of_commit, app=_READ),
    Route("GET", _R + "/git/commits/{sha}", get_git_commit, app=_READ),
    Route("GET", _R + "/compare/{span*}", compare, app=_READ),
    Route("GET", _R + "/contents", get_contents, app=_READ),
    Route("GET", _R + "/contents/{path*}", get_contents, app=_READ),
    Route("GET", _R + "/git/trees/{sha}", get_tree, app=_READ),
    Route("GET", _R + "/git/blobs/{sha}", get_blob, app=_READ),
]
