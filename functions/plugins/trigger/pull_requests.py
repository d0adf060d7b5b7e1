"""What trigger does when a pull request is opened, pushed to, edited, labelled or closed."""

import re
from urllib.parse import quote_plus

from cutwater.config.matching import all_automatic
from cutwater.errors import Later, Refused
from cutwater.events.repository_jobs import may_have_presubmits
from cutwater.github.effects import AddComment, Label, Subject
from cutwater.github.types import PullRequest
from cutwater.github.webhooks import PullRequestEvent
from functions.plugins.kit import Effect, Look
from functions.plugins.replies import ABOUT
from functions.plugins.trigger.own_jobs import jobs_for
from functions.plugins.trigger.refs import subject_of
from functions.plugins.trigger.runs import Cause, abort_all, runs
from functions.plugins.trust import TriggerSettings, has, is_trusted, is_trusted_pull_request, settings_for

DRAFT = (
    "Skipping CI for Draft Pull Request.\n"
    "If you want CI signal for your change, please convert it to an actual PR.\n"
    "You can still manually trigger a test run with `/test all`"
)
UNTRUSTABLE = (
    "PRs from untrusted users cannot be marked as trusted with `/ok-to-test` in this repo meaning untrusted PR authors "
    "can never trigger tests themselves. Collaborators can still trigger tests on the PR using `/test all`."
)
PROMINENT = (
    ">[!TIP]\n>**We noticed you've done this a few times! Consider [joining the org]({join_org_url}) to skip this step "
    "and gain `/lgtm` and other bot rights.** We recommend asking approvers on your previous PRs to sponsor you."
)


async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """Nothing at all for a repository without presubmits; else by the action."""
    pull = event.pull_request
    subject = subject_of(pull)
    if not may_have_presubmits(look.config, subject.org, subject.repo):
        return []
    settings = settings_for(look.config, subject.org, subject.repo)
    cause = Cause(event.guid, "pull_request", f"pull request {event.action} by {event.sender.login}")
    match event.action:
        case "opened":
            return await _opened(look, settings, cause, pull)
        case "reopened" | "ready_for_review":
            return await _run_if_trusted(look, settings, cause, pull)
        case "edited":
            return await _run_if_trusted(look, settings, cause, pull) if _base_changed(event) else []
        case "synchronize":
            stopped = await abort_all(look, subject, "a newer head was pushed")
            return stopped + await _run_if_trusted(look, settings, cause, pull)
        case "labeled":
            return await _labelled(look, settings, cause, event)
        case "closed" | "converted_to_draft":
            return await abort_all(look, subject, f"the pull request was {event.action.replace('_', ' ')}")
        case _:
            return []


async def _opened(look: Look, settings: TriggerSettings, cause: Cause, pull: PullRequest) -> list[Effect[object]]:
    subject = subject_of(pull)
    if not await _has_presubmits(look, pull):
        return []
    if not await is_trusted(look, settings, pull.user.login, subject.org, subject.repo):
        return await _welcome(look, settings, pull)
    if pull.draft:
        return [AddComment(subject=subject, body=DRAFT, why="a draft is not tested")]
    return await runs(look, cause, pull, all_automatic)


async def _run_if_trusted(
    look: Look, settings: TriggerSettings, cause: Cause, pull: PullRequest
) -> list[Effect[object]]:
    subject = subject_of(pull)
    if not await _has_presubmits(look, pull):
        return []
    if not await is_trusted_pull_request(look, settings, subject, pull.user.login):
        return []
    effects: list[Effect[object]] = []
    if not await is_trusted(look, settings, pull.user.login, subject.org, subject.repo):
        labels = await look.github.labels(subject.org, subject.repo, subject.number)
        if has(labels, "needs-ok-to-test"):
            effects.append(Label(subject=subject, name="needs-ok-to-test", present=False, why="it is ok to test"))
    return effects if pull.draft else effects + await runs(look, cause, pull, all_automatic)


async def _has_presubmits(look: Look, pull: PullRequest) -> bool:
    """Whether there is anything to run, or was to be: jobs of its own that cannot be used count."""
    jobs = await jobs_for(look, pull)
    return bool(jobs.presubmits or jobs.wrong)


async def _labelled(
    look: Look, settings: TriggerSettings, cause: Cause, event: PullRequestEvent
) -> list[Effect[object]]:
    pull = event.pull_request
    if pull.draft:
        return []
    if event.label.name == "lgtm":
        if await is_trusted_pull_request(look, settings, subject_of(pull), pull.user.login):
            return []
        return await runs(look, cause, pull, all_automatic)
    if event.label.name == "ok-to-test":
        if (await look.github.bot()).is_me(event.sender.login):
            return []  # the comment that made us put it starts the jobs
        return await runs(look, cause, pull, all_automatic)
    return []


def _base_changed(event: PullRequestEvent) -> bool:
    base = event.changes.get("base")
    if not isinstance(base, dict):
        return False
    return any(isinstance(base.get(key), dict) and base[key].get("from") for key in ("ref", "sha"))


async def _welcome(look: Look, settings: TriggerSettings, pull: PullRequest) -> list[Effect[object]]:
    """A stranger's pull request: greeted, and tested when a member says so."""
    subject, why = subject_of(pull), f"{pull.user.login} is not trusted"
    if settings.ignore_ok_to_test:
        return [AddComment(subject=subject, body=_greeting(settings, subject, pull, UNTRUSTABLE), why=why)]
    more = ""
    if settings.trusted_org and settings.trusted_org != subject.org:
        more = f"or [{settings.trusted_org}](https://github.com/orgs/{settings.trusted_org}/people) "
    waiting = (
        f"I'm waiting for a [{subject.org}](https://github.com/orgs/{subject.org}/people) {more}member to verify that "
        "this patch is reasonable to test. If it is, they should reply with `/ok-to-test` on its own line. Until that "
        "is done, I will not automatically test new commits in this PR, but the usual testing commands by org members "
        f"will still work.\n\n{await _guidance(look, settings, subject, pull)}\n\n"
        "Once the patch is verified, the new status will be reflected by the `ok-to-test` label."
    )
    effects: list[Effect[object]] = []
    if not has(await look.github.labels(subject.org, subject.repo, subject.number), "ok-to-test"):
        effects.append(Label(subject=subject, name="needs-ok-to-test", present=True, why=why))
    return [*effects, AddComment(subject=subject, body=_greeting(settings, subject, pull, waiting), why=why)]


def _greeting(settings: TriggerSettings, subject: Subject, pull: PullRequest, message: str) -> str:
    repo = quote_plus(f"{subject.org}/{subject.repo}")
    return (
        f"Hi @{pull.user.login}. Thanks for your PR.\n\n{message}\n\n"
        f"I understand the commands that are listed [here](https://go.k8s.io/bot-commands?repo={repo}).\n\n"
        f"<details>\n\n{ABOUT}\n</details>\n"
    )


async def _guidance(look: Look, settings: TriggerSettings, subject: Subject, pull: PullRequest) -> str:
    join = settings.join_url(subject.org)
    plain = f"Regular contributors should [join the org]({join}) to skip this step."
    prominent = settings.org_invite.prominent
    if prominent.disabled or pull.user.type == "Bot":
        return plain
    query = f"type:pr is:merged org:{subject.org} author:{pull.user.login}"
    try:
        found = await look.github.get(f"/search/issues?q={quote_plus(query)}&per_page=1", org=subject.org)
    except (Refused, Later):
        return plain  # the invitation is not worth a failure
    if found is None or int(found.get("total_count", 0)) < prominent.threshold:
        return plain
    return re.sub(re.escape("{join_org_url}"), lambda _: join, prominent.message or PROMINENT)
