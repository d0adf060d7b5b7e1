"""What is said of a change of the configuration, and where people look: at the pointer, and at the commit."""

from collections.abc import Iterator
from datetime import datetime

from cutwater.events.effect import Effect
from cutwater.events.origin import Places, Repository
from cutwater.events.pointer import NAME, NAMESPACE, Pointer
from cutwater.github.effects import SetStatus
from cutwater.kube.announcements import Announce

CONTEXT = "cutwater/configuration"


def announcements(
    pointer: Pointer, origin: Places, version: str, *, uid: str, now: datetime
) -> Iterator[Effect[object]]:
    """An event of Kubernetes' for the pointer, and a status on the commit where the sources are in a repository."""
    why = "the configuration was considered"
    yield Announce(
        namespace=NAMESPACE,
        name=NAME,
        uid=uid,
        event=f"{NAME}.{pointer.considered[:16]}",
        reason="ConfigurationRefused" if pointer.refused else "ConfigurationInForce",
        message=_message(pointer),
        kind="Warning" if pointer.refused else "Normal",
        at=now,
        why=why,
    )
    if isinstance(origin, Repository):
        yield SetStatus(
            org=origin.org,
            repo=origin.repo,
            sha=version,
            context=CONTEXT,
            state="failure" if pointer.refused else "success",
            description=pointer.refused.partition("\n")[0] if pointer.refused else "in force",
            target_url="",
            why=why,
        )


def _message(pointer: Pointer) -> str:
    if not pointer.refused:
        return f"{pointer.in_force} is in force"
    stays = f"{pointer.in_force[:12]} stays in force" if pointer.in_force else "none is in force"
    return f"{stays}, since the sources are wrong:\n{pointer.refused}"
