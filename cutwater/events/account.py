"""The ledger in words: what arrived, what each plugin decided and why, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from cutwater.events.deadletters import DeadLetter
from cutwater.events.history import Answer, Case
from cutwater.events.level import BOOKKEEPING
from cutwater.events.receipt import Former, Receipt, Step
from cutwater.events.records import Done
from cutwater.github.webhooks import Webhook

LONGEST = 100
"""Characters of somebody's text that one line repeats."""
UNSEEN = frozenset({"MarkReported", "HoldPod", "ReleasePod", "WriteArtifact", "LabelProwJob", "AnnotateProwJob"})
"""What level roles do for each other."""
_ORDER = ("failed", "given up", "refused", "owed", "in hand", "done", "nothing")
"""What needs somebody first, first."""
SECRET_HEADERS = ("signature", "authorization", "cookie", "token")
"""Headers with one of these in their name are not shown: a signature helps who guesses at the secret."""
STEPS = {
    "planned": "planned, not begun",
    "started": "begun; whether it was done is not known yet",
    "done": "done",
    "refused": "refused",
    "void": "void",
    "unknown": "begun once, and never again; whether it arrived cannot be known",
}


class Effect(Struct, frozen=True, kw_only=True):
    """One effect of a plan. `about`: on what; `wanted`: the rest of what it says; `result`: also a refuser's words."""

    kind: str
    about: str
    wanted: str
    why: str
    state: str
    result: str

    @property
    def line(self) -> str:
        """All of it but the reason."""
        said = f"{STEPS[self.state]}: {self.result}" if self.result else STEPS[self.state]
        return " ".join(filter(None, (self.kind, self.about, self.wanted))) + f" — {said}"

    @property
    def told(self) -> str:
        """All of it."""
        return f"{self.line} (because: {self.why})" if self.why else self.line


def arrived(case: Case, *, where: bool = True) -> str:
    """What came: `issue_comment created on acme/rocket#7 by bob: "/hold"`; with `where`, also on what."""
    webhook = case.webhook
    if webhook is None or case.delivery is None:
        return f"a webhook about {short(case.subject) or 'nothing that can be read'}"
    said = short(_text_of(webhook))
    who = webhook.envelope.sender.login
    words = (
        f"{webhook.event} {webhook.action}".rstrip(),
        f" on {case.subject}" if where and case.subject else "",
        f" by {who}" if who else "",
        f': "{said}"' if said else "",
    )
    return printable("".join(words))


def _text_of(webhook: Webhook) -> str:
    """What somebody wrote, or what else tells one such event from another."""
    payload = webhook.payload
    for path in (("comment", "body"), ("review", "body"), ("label", "name"), ("pull_request", "title")):
        found: Any = payload
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str) and found:
            return found
    named = (payload.get("context"), payload.get("ref"))
    issue = payload.get("issue")
    title = issue.get("title") if isinstance(issue, dict) else None
    return next((one for one in (title, *named) if isinstance(one, str)), "")


def standing(answer: Answer) -> str:
    """How one plugin's answer stands: `done at attempt 2, 1 effect refused`."""
    receipt = answer.receipt
    words: str = {"owed": "is owed", "given up": "was given up", "in hand": "is in hand"}.get(
        answer.state, answer.state
    )
    if receipt is None:
        words += ", not begun"
    elif receipt.attempt > 1:
        words += f" at attempt {receipt.attempt}" if receipt.is_finished else f", {receipt.attempt} attempts so far"
    if receipt is not None:
        for state in ("refused", "void"):
            if count := sum(step.state == state for step in receipt.plan):
                words += f", {count} {'effect' if count == 1 else 'effects'} {state}"
        if receipt.former:
            words += f", decided anew by {receipt.former[-1].by}"
    if answer.letters:
        words += f", dead-lettered {times(len(answer.letters))}"
    return words


def answers(case: Case) -> str:
    """How all of them stand, in a line: `done: label, size; failed: trigger`."""
    plugins: dict[str, list[str]] = {}
    for answer in sorted(case.answers, key=lambda answer: (_ORDER.index(answer.state), answer.plugin)):
        plugins.setdefault(_in_a_word(answer), []).append(answer.plugin)
    return "; ".join(f"{state}: {', '.join(names)}" for state, names in plugins.items())


def _in_a_word(answer: Answer) -> str:
    is_partly = answer.state == "done" and answer.is_like("refused")
    return "done in part" if is_partly else answer.state


def facts(case: Case, now: datetime) -> dict[str, Any]:
    """The same for programs."""
    webhook = case.webhook
    return {
        "guid": case.guid,
        "received": case.received,
        "event": webhook.event if webhook else "",
        "action": webhook.action if webhook else "",
        "subject": case.subject,
        "sender": webhook.envelope.sender.login if webhook else "",
        "owed": case.is_owed,
        "late": case.is_late(now),
        "answers": [_facts_of(answer) for answer in case.answers],
    }


def _facts_of(answer: Answer) -> dict[str, Any]:
    receipt = answer.receipt
    found: dict[str, Any] = {"plugin": answer.plugin, "state": answer.state, "dead_letters": len(answer.letters)}
    if receipt is not None:
        found |= {"attempt": receipt.attempt, "begun": receipt.claimed, "error": receipt.error}
        found["effects"] = [
            {"effect": step.effect, "state": step.state, "result": step.result} for step in receipt.plan
        ]
    return found


def done(done: Done, *, is_whole: bool = True) -> Iterator[str]:
    """What a level role did for one event. Where it is not whole, what somebody sees of it, if anything."""
    steps = [step for step in done.record.steps if step.effect["type"] not in BOOKKEEPING]
    shown = [step for step in steps if is_whole or step.state == "refused" or step.effect["type"] not in UNSEEN]
    if shown:
        yield f"{moment(done.time)}  {done.record.role} {short(done.record.subject)}".rstrip()
        yield from (f"  {effect(step).told}" for step in shown)


def times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def effects(receipt: Receipt | Former) -> list[Effect]:
    """The plan, effect by effect."""
    return [effect(step) for step in receipt.plan]


def effect(step: Step) -> Effect:
    """One step of a plan, or of what a level role did."""
    fields = {name: value for name, value in step.effect.items() if name not in {"type", "why"}}
    about = printable(_about(fields))
    result = step.result if isinstance(step.result, str) else _compact(step.result)
    return Effect(
        kind=step.effect["type"],
        about=about,
        wanted=", ".join(
            f"{name}={_compact(value)}" for name, value in fields.items() if value not in ("", None, [], {})
        ),
        why=short(str(step.effect.get("why", ""))),
        state=step.state,
        result="" if step.result in (None, True) or result in about.split() else short(result, 400),
    )


def _about(fields: dict[str, Any]) -> str:
    """What an effect is about, taken out of its fields."""
    subject = fields.pop("subject", None)
    if isinstance(subject, dict) and {"org", "repo", "number"} <= subject.keys():
        return f"{subject['org']}/{subject['repo']}#{subject['number']}"
    if isinstance(subject, str):
        return subject
    if isinstance(job := fields.get("job"), dict) and isinstance(job.get("spec"), dict):
        del fields["job"]
        return f"{job['spec'].get('job', '')} as {job.get('metadata', {}).get('name', '')}"
    if isinstance(pod := fields.get("pod"), dict) and isinstance(pod.get("metadata"), dict):
        del fields["pod"]
        return f"{pod['metadata'].get('namespace', '')}/{pod['metadata'].get('name', '')}".lstrip("/")
    if {"org", "repo", "sha"} <= fields.keys():
        return f"{fields.pop('org')}/{fields.pop('repo')}@{str(fields.pop('sha'))[:10]}"
    if {"namespace", "name"} <= fields.keys():
        return f"{fields.pop('namespace')}/{fields.pop('name')}"
    return ""


def _compact(value: object) -> str:
    if isinstance(value, dict) and isinstance(value.get("state"), str):
        description = value.get("description")
        return f'{value["state"]}: "{short(str(description))}"' if description else value["state"]
    return short(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def reads(receipt: Receipt) -> Iterator[str]:
    """What was asked of the world, and how much was answered."""
    for read in receipt.reads:
        size = read.bytes or len(msgspec.json.encode(read.answer))
        yield f"{short(read.question, 160)} ({size} bytes{', not kept' if read.bytes else ''})"


def explain(case: Case, letters: Sequence[DeadLetter], now: datetime, plugin: str = "") -> Iterator[str]:
    """The whole story of a webhook, line by line. `plugin`: of that one alone."""
    yield arrived(case)
    kept = "still owed" if case.is_owed else "answered and put away"
    yield f"  {case.guid}, received {moment(case.received)}, {kept if case.delivery else 'deleted for its age'}"
    if case.delivery and case.delivery.asked_again:
        yield f"  asked for again at {moment(case.delivery.asked_again)}"
    if case.is_late(now):
        yield f"  late: an answer has been owed for {span(now - case.received)}"
    for answer in case.answers:
        if plugin in {"", answer.plugin}:
            yield ""
            yield from _of_one(answer, letters)


def _of_one(answer: Answer, letters: Sequence[DeadLetter]) -> Iterator[str]:
    yield f"{answer.plugin}: {standing(answer)}"
    receipt = answer.receipt
    if receipt is not None:
        for number, former in enumerate(receipt.former, 1):
            ended = f"ended {moment(former.ended)} as {former.outcome}"
            yield f"  decision {number} {ended}, and was put aside by {former.by}"
            yield from _decided(former, "    ")
        yield f"  begun {moment(receipt.claimed)}" + (
            f", took {span(receipt.until - receipt.claimed)}" if receipt.is_finished and not receipt.former else ""
        )
        if receipt.configuration:
            yield f"  under the configuration {receipt.configuration[:12]}"
        yield from (f"  read {line}" for line in reads(receipt))
        yield from _decided(receipt, "  ")
    for letter in letters:
        if letter.event["plugin"] == answer.plugin:
            yield f"  given up: {short(letter.words, 300)}"


def _decided(receipt: Receipt | Former, indent: str) -> Iterator[str]:
    if receipt.error:
        *where, last = receipt.error.rstrip().split("\n")
        yield f"{indent}error: {short(last, 400)}"
        yield from (f"{indent}  {short(line.rstrip(), 200, keep_indent=True)}" for line in where)
    elif not receipt.plan and receipt.outcome == "nothing":
        yield f"{indent}decided: there is nothing to do"
    for one in effects(receipt):
        yield f"{indent}{one.line}"
        if one.why:
            yield f"{indent}  because: {one.why}"


def headers(headers: Mapping[str, str]) -> dict[str, str]:
    """A webhook's headers as they may be shown."""
    return {
        name: "(not shown)" if any(secret in name.lower() for secret in SECRET_HEADERS) else value
        for name, value in headers.items()
    }


def body(content: bytes) -> str:
    """A body to be read: indented, with nothing in it that a terminal would obey."""
    try:
        content = msgspec.json.format(content)
    except msgspec.DecodeError:
        pass  # shown as it is
    return printable(content.decode(errors="backslashreplace"))


def short(text: str, longest: int = LONGEST, *, keep_indent: bool = False) -> str:
    """One line of it, in which nothing moves a terminal's cursor or turns its letters round."""
    before = " " * (len(text) - len(text.lstrip(" "))) if keep_indent else ""
    one = before + printable(" ".join(text.split()))
    return one if len(one) <= longest else f"{one[: longest - 1]}…"


def printable(text: str) -> str:
    """What a terminal may get: all but line ends and characters that show is escaped."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one == "\n" else one.encode("unicode_escape", "surrogatepass").decode()
        for one in text
    )


def moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}Z"


def span(time: timedelta) -> str:
    """How long, in its largest units."""
    seconds = time.total_seconds()
    if seconds < 120:
        return f"{max(seconds, 0):.1f} s".replace(".0 s", " s")
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"
