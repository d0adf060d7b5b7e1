"""label: labels are put and taken away by command, in the categories that everybody may use or as configured.

Source: sigs.k8s.io/prow pkg/plugins/label.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import compiled
from cutwater.config.sections import Label as LabelSettings
from cutwater.config.sections import RestrictedLabel
from cutwater.github.effects import AddComment, Assign, Label, Subject
from cutwater.github.webhooks import PullRequestEvent
from functions.plugins.kit import ANYONE, Command, Effect, Look, Plugin, Text, Typed
from functions.plugins.replies import reply
from functions.plugins.repository_labels import labels_of_repository
from functions.plugins.trust import has

CATEGORIES = "area|committee|kind|language|priority|sig|triage|wg"
NEEDED = ("kind", "priority", "sig", "triage")
"""Categories of which `needs-…` says that an issue has none."""
ACCEPTED = "triage/accepted"
HIDDEN = r"(?s)<!--(.*?)-->"
SHOWN_USERS = 20

ADD = Command(
    "kind",
    usage="/(area|committee|kind|language|priority|sig|triage|wg) <target>",
    pattern=rf"(?m)^/({CATEGORIES})\s*(.*?)\s*$",
    ignores_case=False,
    about="Puts labels of one of these categories. Only members may set triage/accepted.",
    who=ANYONE,
    examples=("/kind bug", "/area prow", "/sig testing", "/language zh"),
)
REMOVE = Command(
    "remove-kind",
    pattern=rf"(?m)^/remove-({CATEGORIES})\s*(.*?)\s*$",
    ignores_case=False,
    usage="/remove-(area|committee|kind|language|priority|sig|triage|wg) <target>",
    about="Takes labels of one of these categories away.",
    who=ANYONE,
    examples=("/remove-kind bug",),
)
CUSTOM = Command(
    "label",
    argument="<label>",
    pattern=r"(?m)^/label\s*(.*?)\s*$",
    ignores_case=False,
    about="Puts a label that is configured under additional_labels or restricted_labels.",
    who="Anyone; a restricted label, those for whom it is configured.",
    examples=("/label api-review",),
)
CUSTOM_REMOVE = Command(
    "remove-label",
    argument="<label>",
    pattern=r"(?m)^/remove-label\s*(.*?)\s*$",
    ignores_case=False,
    about="Takes such a label away.",
    who="Anyone; a restricted label, those for whom it is configured.",
    examples=("/remove-label api-review",),
)

plugin = Plugin(
    "label",
    about="Puts labels on issues and pull requests, and takes them away.",
    commands=[ADD, REMOVE, CUSTOM, CUSTOM_REMOVE],
    effects=[AddComment, Assign, Label],
)


def visible(body: str) -> str:
    """The text without what HTML comments hide."""
    return compiled(HIDDEN).sub("", body)


def _is_command(text: Text, config: Configuration) -> bool:
    body = visible(text.body)
    return text.action == "created" and any(command.is_in(body) for command in plugin.commands)


class Asked(Struct, frozen=True):
    """What a text asks for. `unknown`: commands for labels that are not configured."""

    add: list[str]
    remove: list[str]
    unknown: list[str]


def asked(body: str, configured: Iterable[str]) -> Asked:
    """The labels that are to be put and taken away, in lower case. `configured`: those that /label knows."""
    known, unknown = set(configured), list[str]()
    add = _categorised(ADD.typed(body)) + _custom(CUSTOM.typed(body), known, unknown)
    remove = _categorised(REMOVE.typed(body)) + _custom(CUSTOM_REMOVE.typed(body), known, unknown)
    return Asked(add, remove, unknown)


def _categorised(typed: Sequence[Typed]) -> list[str]:
    return [f"{one.groups[0]}/{name.strip()}".lower() for one in typed for name in one.text.strip().split(" ")[1:]]


def _custom(typed: Sequence[Typed], known: set[str], unknown: list[str]) -> list[str]:
    found = []
    for one in typed:
        parts = one.text.strip().split(" ")
        if len(parts) != 2 or parts[0] not in {"/label", "/remove-label"}:
            continue
        if parts[1].lower() in known:
            found.append(parts[1].lower())
        else:
            unknown.append(one.text)
    return found


def restricted_for(settings: LabelSettings, org: str, repo: str) -> dict[str, RestrictedLabel]:
    """The restricted labels of a repository by their lower case: of all, of the organisation and its own, united."""
    found: dict[str, RestrictedLabel] = {}
    for key in ("*", org, f"{org}/{repo}"):
        for label in settings.restricted_labels.get(key, ()):
            name = label.label.lower()
            found[name] = _united(found[name], label) if name in found else label
    return found


def _united(one: RestrictedLabel, other: RestrictedLabel) -> RestrictedLabel:
    occasions = {occasion.label: occasion for occasion in (*one.assign_on, *other.assign_on)}
    return replace(
        one,
        allowed_teams=tuple(sorted({*one.allowed_teams, *other.allowed_teams})),
        allowed_users=tuple(sorted({*one.allowed_users, *other.allowed_users})),
        assign_on=tuple(occasions.values()),
    )


@plugin.on_text(_is_command)
async def decide(text: Text, look: Look) -> list[Effect[object]]:
    """All labels that may be set are, and the first thing that is wrong with the others is answered."""
    text, subject = replace(text, body=visible(text.body)), text.subject
    settings = look.config.plugins.section("label", LabelSettings)
    restricted = restricted_for(settings, subject.org, subject.repo)
    wanted = asked(text.body, [*restricted, *(name.lower() for name in settings.additional_labels)])
    run = _Run(text, look, restricted, await labels_of_repository(look, subject))
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    absent = await run.change(wanted, labels)
    message = ""
    if wanted.unknown:
        supported = ", ".join((*settings.additional_labels, *sorted(restricted)))
        message = (
            f"The label(s) `{', '.join(wanted.unknown)}` cannot be applied. These labels are supported: `{supported}`. "
            "Is this label configured under `labels -> additional_labels` or `labels -> restricted_labels` in "
            "`plugin.yaml`?"
        )
    elif run.unknown:
        message = (
            f"The label(s) `{', '.join(run.unknown)}` cannot be applied, because the repository doesn't have them."
        )
    elif absent:
        message = f"Those labels are not set on the issue: `{', '.join(absent)}`"
    elif run.is_denied_acceptance:
        message = f"The label `{ACCEPTED}` cannot be applied. Only GitHub organization members can add the label."
    if message:
        run.answer(message)
    return run.effects


class _Run:
    """One text's labels. `known`: the repository's. `unknown`: those that it was asked for and does not have."""

    def __init__(
        self, text: Text, look: Look, restricted: Mapping[str, RestrictedLabel], known: Mapping[str, str]
    ) -> None:
        self._text, self._look, self._restricted, self._known = text, look, restricted, known
        self.effects: list[Effect[object]] = []
        self.unknown: list[str] = []
        self.is_denied_acceptance = False

    async def change(self, wanted: Asked, labels: Sequence[str]) -> list[str]:
        """Put and take away. Gives the labels that cannot be taken away, because they are not there.

        What is so already is said again without a word: an older event that comes late must find it said.
        """
        for name in (*wanted.add, *needed(wanted, labels, self._known)):
            if has([*labels], name):
                await self._confirm(name, present=True)
            else:
                await self._add(name)
        absent = [name for name in wanted.remove if not has([*labels], name)]
        for name in wanted.remove:
            if name in absent and name not in wanted.add:
                await self._confirm(name, present=False)
            elif name not in absent and name in self._known and await self._may_set(name):
                self._set(name, present=False)
        return absent

    async def _confirm(self, name: str, *, present: bool) -> None:
        is_denied = name == ACCEPTED and present and not await self._is_member()
        if name in self._known and not is_denied and await self._is_allowed(name):
            self._set(name, present=present)

    async def _add(self, name: str) -> None:
        if name not in self._known:
            self.unknown.append(name)
        elif name == ACCEPTED and not await self._is_member():
            self.is_denied_acceptance = True
        elif await self._may_set(name):
            self._set(name, present=True)

    def _set(self, name: str, *, present: bool) -> None:
        why = f"{self._text.author.login} said so"
        self.effects.append(Label(subject=self._text.subject, name=name, present=present, why=why))

    def answer(self, message: str) -> None:
        """Say something to whoever asked."""
        body = reply(self._text, message)
        self.effects.append(AddComment(subject=self._text.subject, body=body, why=f"{self._text.author.login} asked"))

    async def _is_member(self) -> bool:
        return await self._look.github.is_member(self._text.subject.org, self._text.author.login)

    async def _may_set(self, name: str) -> bool:
        """Whether this person may set the label; else they are told who may."""
        if await self._is_allowed(name):
            return True
        self.answer(_who_may(name, self._restricted[name]))
        return False

    async def _is_allowed(self, name: str) -> bool:
        """Whether the label is free, or this person may set it."""
        label, subject = self._restricted.get(name), self._text.subject
        return label is None or await _is_allowed(self._look, label, subject.org, self._text.author.login)


def needed(wanted: Asked, labels: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """`needs-kind` and its like, for categories that lose their last label without getting another."""
    found = []
    for category in NEEDED:
        removed = _of(category, wanted.remove)
        if f"needs-{category}" in known and removed and not _of(category, wanted.add):
            found += [f"needs-{category}"] if removed >= _of(category, labels) else []
    return found


def _of(category: str, labels: Iterable[str]) -> set[str]:
    return {label for label in labels if label.startswith(f"{category}/")}


async def _is_allowed(look: Look, label: RestrictedLabel, org: str, login: str) -> bool:
    if login.lower() in {user.lower() for user in label.allowed_users}:
        return True
    path = "/orgs/{org}/teams/{team}/memberships/{login}"
    for team in label.allowed_teams:
        if await look.github.get(path, org=org, team=team, login=login) is not None:
            return True
    return False


def _who_may(name: str, label: RestrictedLabel) -> str:
    message = (
        f"The label(s) `{name}` cannot be applied or removed, because you are not in one of the allowed teams and are "
        "not an allowed user."
    )
    if label.allowed_teams:
        return f"{message} Must be a member of one of these teams: {', '.join(label.allowed_teams)}"
    if label.allowed_users:
        users = ",".join(label.allowed_users[:SHOWN_USERS])
        return f"{message} Consider assigning one of the following members: {users}"
    return message


def _occasions(settings: LabelSettings, event: PullRequestEvent, org: str, repo: str) -> list[RestrictedLabel]:
    """The restricted labels whose people are to be assigned when this one is put."""
    return [
        label
        for label in restricted_for(settings, org, repo).values()
        if event.label.name.lower() in {occasion.label.lower() for occasion in label.assign_on}
    ]


@plugin.on("pull_request", "labeled")
async def on_labeled(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """Those who may set a restricted label are assigned when another one says that it is their turn."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
    settings = look.config.plugins.section("label", LabelSettings)
    return [
        Assign(subject=subject, login=login, present=True, why=f"{event.label.name} asks for who may set {label.label}")
        for label in _occasions(settings, event, subject.org, subject.repo)
        for login in label.allowed_users
    ]
