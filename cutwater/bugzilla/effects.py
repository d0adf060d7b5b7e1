"""What a role may do in Bugzilla."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol
from urllib.parse import urlencode

from msgspec import Struct

from cutwater.bugzilla.client import GITHUB, Bugzilla, Denied, Pull, Reader, bug_path

CLONED = [
    "assigned_to",
    "cc",
    "component",
    "flags",
    "groups",
    "keywords",
    "op_sys",
    "platform",
    "priority",
    "product",
    "qa_contact",
    "severity",
    "summary",
    "target_milestone",
    "version",
]
"""What a clone has of its bug. An alias is the name of one bug alone."""
LONGEST_DESCRIPTION = 65_535
"""Characters that Bugzilla takes."""
HARMLESS = {
    100500: 'duplicate key value violates unique constraint "ext_bz_bug_map_bug_id_idx"',
    1006: "No external tracker bugs were found that matched your criteria",
}
"""What it says when a link is there, or is not there, already."""


class HasBugzilla(Protocol):
    """What these effects need of the world."""

    @property
    def bugzilla(self) -> Bugzilla:
        """Bugzilla under the bot's identity. Raises Refused where none is set up."""


class EditBug(Struct, frozen=True, kw_only=True, tag=True):
    """A bug is to be so; what is empty stays as it is. Raises Denied and Unanswered."""

    bug: int
    why: str
    status: str = ""
    resolution: str = ""
    target_release: str = ""
    depends_on: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()
    whiteboard: str = ""
    visible: ClassVar[bool] = False

    async def apply(self, world: HasBugzilla) -> None:
        said: dict[str, Any] = {
            "status": self.status,
            "resolution": self.resolution,
            "target_release": [self.target_release] if self.target_release else [],
            "depends_on": {"add": self.depends_on} if self.depends_on else None,
            "blocks": {"add": self.blocks} if self.blocks else None,
            "whiteboard": self.whiteboard,
        }
        await world.bugzilla.send("PUT", f"/rest/bug/{self.bug}", {key: said[key] for key in said if said[key]})

    async def stands(self, world: HasBugzilla, since: datetime) -> bool | None:
        bug = await Reader(world.bugzilla).bug(self.bug)
        if bug is None:
            return None
        pairs = ((self.status, bug.status), (self.resolution, bug.resolution), (self.whiteboard, bug.whiteboard))
        is_so = all(wanted in {"", there} for wanted, there in pairs)
        has_release = not self.target_release or bug.target_release == (self.target_release,)
        is_linked = {*self.depends_on} <= {*bug.depends_on} and {*self.blocks} <= {*bug.blocks}
        return (is_so and has_release and is_linked) or None


class LinkBug(Struct, frozen=True, kw_only=True, tag=True):
    """A bug is to be linked to a pull request, or not. Raises Denied and Unanswered."""

    bug: int
    pull: Pull
    present: bool
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasBugzilla) -> None:
        name = {"ext_type_url": GITHUB, "ext_bz_bug_id": self.pull.identifier}
        what = {"external_bugs": [name]} if self.present else name
        call = {
            "jsonrpc": "1.0",
            "method": f"ExternalBugs.{'add' if self.present else 'remove'}_external_bug",
            "params": [{"bug_ids": [self.bug], **what}],
            "id": "identifier",
        }
        answer = await world.bugzilla.send("POST", "/jsonrpc.cgi", call) or {}
        if error := answer.get("error"):
            code, message = error.get("code"), str(error.get("message"))
            if code not in HARMLESS or HARMLESS[code] not in message:
                raise Denied(f"JSONRPC error {code}: {message}")

    async def stands(self, world: HasBugzilla, since: datetime) -> bool | None:
        return (self.pull in await Reader(world.bugzilla).links(self.bug)) == self.present or None


class CommentOnBug(Struct, frozen=True, kw_only=True, tag=True):
    """Say something on a bug that only insiders read. Raises Denied and Unanswered."""

    bug: int
    text: str
    why: str
    visible: ClassVar[bool] = True

    async def apply(self, world: HasBugzilla) -> None:
        said = {"id": self.bug, "comment": self.text, "is_private": True}
        await world.bugzilla.send("POST", f"/rest/bug/{self.bug}/comment", said)

    async def stands(self, world: HasBugzilla, since: datetime) -> bool | None:
        recent = f"/rest/bug/{self.bug}/comment?" + urlencode({"new_since": _moment(since)})
        comments = _comments(await world.bugzilla.get(recent), self.bug)
        return any(comment.get("text") == self.text for comment in comments) or None


class CloneBug(Struct, frozen=True, kw_only=True, tag=True):
    """A new bug that says what an old one says. The result is its number. Raises Denied and Unanswered."""

    bug: int
    summary: str
    why: str
    visible: ClassVar[bool] = True

    async def apply(self, world: HasBugzilla) -> int:
        bugzilla = world.bugzilla
        bug = _bug(await bugzilla.get(bug_path(self.bug)))
        parts = _bug(await bugzilla.get(f"/rest/bug/{self.bug}?include_fields=sub_components")).get("sub_components")
        comments = _comments(await bugzilla.get(f"/rest/bug/{self.bug}/comment"), self.bug)
        new = {key: bug[key] for key in CLONED if bug.get(key)} | {"description": _described(self.bug, comments)}
        if parts:
            new["sub_components"] = parts
        if any(comment.get("is_private") for comment in comments):
            new["comment_is_private"] = True
        answer = await bugzilla.send("POST", "/rest/bug", new) or {}
        return int(answer["id"])

    async def stands(self, world: HasBugzilla, since: datetime) -> int | None:
        """Another bug of this summary, made since the claim."""
        wanted = urlencode({"summary": self.summary, "creation_time": _moment(since), "include_fields": "id,summary"})
        found = await world.bugzilla.get(f"/rest/bug?{wanted}") or {}
        same = (bug["id"] for bug in found.get("bugs") or () if bug.get("summary") == self.summary)
        return next((int(number) for number in same if number != self.bug), None)


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bug(found: Any) -> Mapping[str, Any]:
    bugs: Sequence[Mapping[str, Any]] = (found or {}).get("bugs") or []
    if len(bugs) != 1:
        raise Denied(f"did not get one bug, but {len(bugs)}")
    return bugs[0]


def _comments(found: Any, bug: int) -> Sequence[Mapping[str, Any]]:
    comments: Sequence[Mapping[str, Any]] = ((found or {}).get("bugs") or {}).get(str(bug), {}).get("comments") or ()
    return comments


def _described(bug: int, comments: Sequence[Mapping[str, Any]]) -> str:
    """All that was said of a bug, as Bugzilla itself has it when it clones one."""
    text = f"+++ This bug was initially created as a clone of Bug #{bug} +++\n\n"
    for number, comment in enumerate(comments):
        if number:
            time = datetime.fromisoformat(str(comment.get("time"))).astimezone(UTC)
            who, when = comment.get("creator", ""), time.strftime("%Y-%m-%d %H:%M:%S UTC")
            text += f"\n\n--- Additional comment from {who} on {when} ---\n\n"
        text += str(comment.get("text", ""))
    return text if len(text) <= LONGEST_DESCRIPTION else text[: LONGEST_DESCRIPTION - 3] + "..."
