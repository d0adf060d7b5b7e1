"""REST: branches and their protection, tags, and refs as such."""

from msgspec import Struct

from infra.local.github import forms, pull_forms, pushes
from infra.local.github import records as r
from infra.local.github.access import Level
from infra.local.github.code import code_of
from infra.local.github.errors import Invalid, NotFound, Refusal
from infra.local.github.guards import objections_to_push
from infra.local.github.protection import Wanted, branch_form, protection_form, protection_of_wanted
from infra.local.github.rest.calls import Answer, Call, Route


class NewRef(Struct):
    ref: str
    sha: str


class RefChange(Struct):
    sha: str
    force: bool = False


def list_branches(call: Call) -> Answer:
    rows = [row for row in call.hub.refs_of.all(call.here.id) if row.name.startswith(pushes.BRANCH)]
    wanted = call.query.get("protected")
    if wanted is not None:
        rows = [row for row in rows if _is_protected(call, row) == (wanted == "true")]
    return call.listed(sorted(rows, key=lambda row: row.name), lambda hub, row: branch_form(hub, call.here, row))


def get_branch(call: Call) -> Answer:
    row = _branch(call)
    commit = code_of(call.hub, call.here).commit(row.sha)
    if commit is None:
        raise NotFound("Branch not found")
    form = branch_form(call.hub, call.here, row)
    links = {"self": f"{forms.api_of(call.hub, call.here)}/branches/{call.args['branch']}"}
    links["html"] = f"{forms.page_of(call.hub, call.here)}/tree/{call.args['branch']}"
    return Answer(200, form | {"commit": pull_forms.commit(call.hub, call.here, commit), "_links": links})


def get_protection(call: Call) -> Answer:
    guard = call.hub.protection_of.one((call.here.id, _branch(call).name.removeprefix(pushes.BRANCH)))
    if guard is None:
        raise Refusal(404, "Branch not protected")
    return Answer(200, protection_form(call.hub, call.here, guard))


def set_protection(call: Call) -> Answer:
    branch = _branch(call).name.removeprefix(pushes.BRANCH)
    old = call.hub.protection_of.one((call.here.id, branch))
    id_ = old.id if old else call.hub.protections.next_id()
    guard = protection_of_wanted(id_, call.here, branch, call.read(Wanted))
    return Answer(200, protection_form(call.hub, call.here, call.hub.protections.put(guard)))


def remove_protection(call: Call) -> Answer:
    guard = call.hub.protection_of.one((call.here.id, _branch(call).name.removeprefix(pushes.BRANCH)))
    if guard is None:
        raise Refusal(404, "Branch not protected")
    call.hub.protections.remove(guard)
    return Answer(204)


def get_ref(call: Call) -> Answer:
    """The ref; where there is none of this name, the older list of those that begin with it."""
    name = f"refs/{call.args['ref']}"
    row = call.hub.ref(call.here, name)
    if row is not None:
        return Answer(200, _ref_form(call, row))
    longer = [one for one in call.hub.refs_of.all(call.here.id) if one.name.startswith(name)]
    if not longer or "/git/ref/" in call.path:
        raise NotFound
    return Answer(200, [_ref_form(call, one) for one in longer])


def matching_refs(call: Call) -> Answer:
    name = f"refs/{call.args['ref']}"
    rows = [row for row in call.hub.refs_of.all(call.here.id) if row.name.startswith(name)]
    return call.listed(rows, lambda _, row: _ref_form(call, row))


def create_ref(call: Call) -> Answer:
    new = call.read(NewRef)
    if not new.ref.startswith("refs/") or new.ref.count("/") < 2:
        raise Invalid("Reference name must start with 'refs/' and contain at least two slashes.")
    if call.hub.ref(call.here, new.ref) is not None:
        raise Invalid("Reference already exists")
    _check_object(call, new.sha)
    _move(call, new.ref, new.sha)
    return Answer(201, _ref_form(call, _existing(call, new.ref)))


def change_ref(call: Call) -> Answer:
    change, name = call.read(RefChange), f"refs/{call.args['ref']}"
    row = call.hub.ref(call.here, name)
    if row is None:
        raise Invalid("Reference does not exist")
    _check_object(call, change.sha)
    if not change.force and not code_of(call.hub, call.here).is_ancestor(row.sha, change.sha):
        raise Invalid("Update is not a fast forward")
    _move(call, name, change.sha)
    return Answer(200, _ref_form(call, _existing(call, name)))


def delete_ref(call: Call) -> Answer:
    name = f"refs/{call.args['ref']}"
    if call.hub.ref(call.here, name) is None:
        raise Invalid("Reference does not exist")
    _move(call, name, None)
    return Answer(204)


def list_tags(call: Call) -> Answer:
    rows = [row for row in call.hub.refs_of.all(call.here.id) if row.name.startswith(pushes.TAG)]
    return call.listed(rows, lambda _, row: _tag_form(call, row))


def _branch(call: Call) -> r.Ref:
    row = call.hub.branch(call.here, call.args["branch"])
    if row is None:
        raise NotFound("Branch not found")
    return row


def _move(call: Call, name: str, new: str | None) -> None:
    branch = name.removeprefix(pushes.BRANCH)
    if branch != name and (objections := objections_to_push(call.hub, call.here, branch, new, call.me)):
        raise Invalid(" ".join(objections))
    pushes.move(call.hub, call.here, name, new, call.me)


def _is_protected(call: Call, row: r.Ref) -> bool:
    return call.hub.protection_of.one((call.here.id, row.name.removeprefix(pushes.BRANCH))) is not None


def _existing(call: Call, name: str) -> r.Ref:
    row = call.hub.ref(call.here, name)
    assert row is not None
    return row


def _check_object(call: Call, sha: str) -> None:
    if code_of(call.hub, call.here).commit(sha) is None:
        raise Invalid("Object does not exist")


def _ref_form(call: Call, row: r.Ref) -> dict[str, object]:
    api = forms.api_of(call.hub, call.here)
    return {
        "ref": row.name,
        "node_id": forms.node_id("REF", row.id),
        "url": f"{api}/git/{row.name}",
        "object": {"type": "commit", "sha": row.sha, "url": f"{api}/git/commits/{row.sha}"},
    }


def _tag_form(call: Call, row: r.Ref) -> dict[str, object]:
    api, name = forms.api_of(call.hub, call.here), row.name.removeprefix(pushes.TAG)
    return {
        "name": name,
        "zipball_url": f"{api}/zipball/{row.name}",
        "tarball_url": f"{api}/tarball/{row.name}",
        "commit": {"sha": row.sha, "url": f"{api}/commits/{row.sha}"},
        "node_id": forms.node_id("REF", row.id),
    }


_R = "/repos/{owner}/{repo}"
_READ = ("contents:read",)
_WRITE = ("contents:write",)
_GUARD = _R + "/branches/{branch}/protection"
ROUTES = [
    Route("GET", _R + "/branches", list_branches, app=_READ),
    Route("GET", _R + "/branches/{branch}", get_branch, app=_READ),
    Route("GET", _GUARD, get_protection, Level.ADMIN, ("administration:read",)),
    Route("PUT", _GUARD, set_protection, Level.ADMIN, ("administration:write",)),
    Route("DELETE", _GUARD, remove_protection, Level.ADMIN, ("administration:write",)),
    Route("GET", _R + "/git/ref/{ref*}", get_ref, app=_READ),
    Route("GET", _R + "/git/refs/{ref*}", get_ref, app=_READ),
    Route("GET", _R + "/git/matching-refs/{ref*}", matching_refs, app=_READ),
    Route("POST", _R + "/git/refs", create_ref, Level.WRITE, _WRITE),
    Route("PATCH", _R + "/git/refs/{ref*}", change_ref, Level.WRITE, _WRITE),
    Route("DELETE", _R + "/git/refs/{ref*}", delete_ref, Level.WRITE, _WRITE),
    Route("GET", _R + "/tags", list_tags, app=_READ),
]
