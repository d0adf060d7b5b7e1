"""Who keeps the pod of a run, in place of an API server: its Secrets and ConfigMaps, and how far it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.local.pods.environment import Keys, Sources
from infra.local.pods.spec import Pod

NEVER_RAN = 2
"""The exit status of a test that was not reached."""

Json = Mapping[str, Any]


class Registry:
    """Of one pod. What is missing here will not come later: where the pod waits for something, `give_up` is called."""

    def __init__(self, pod: Pod, secrets: Mapping[str, Keys | None], config_maps: Mapping[str, Keys | None]) -> None:
        self._sources = Sources(pod.metadata.namespace, secrets=secrets, config_maps=config_maps)
        self._status: Json = {}
        self._warning = ""
        self.give_up: Callable[[], None] = lambda: None

    async def sources(self, pod: Pod) -> Sources:
        return self._sources

    async def set_status(self, pod: Pod, status: Json) -> None:
        self._status = status

    async def warn(self, pod: Pod, *, reason: str, message: str, now: str) -> None:
        self._warning = message
        self.give_up()

    def exit_status(self, tests: Sequence[str]) -> int:
        """That of the first of these containers that failed, else 0."""
        ends = {one["name"]: one["state"].get("terminated") for one in self._status.get("containerStatuses", ())}
        codes: list[int] = [end["exitCode"] if (end := ends.get(name)) else NEVER_RAN for name in tests]
        return next((code for code in codes if code), 0)

    def trouble(self, tests: Sequence[str]) -> str:
        """What went wrong beside the tests themselves, in words; "" where nothing did."""
        if self._warning:
            return self._warning
        statuses = [*self._status.get("initContainerStatuses", ()), *self._status.get("containerStatuses", ())]
        ends = [(one["name"], one["state"].get("terminated") or {}) for one in statuses]
        return "\n".join(
            f"{name}: {end.get('message') or end['reason']}"
            for name, end in ends
            if end.get("exitCode") and (name not in tests or end["reason"] == "StartError")
        )
