"""dco: each commit of a pull request is signed off under the Developer Certificate of Origin.

Source: sigs.k8s.io/prow pkg/plugins/dco.
"""

from collections.abc import Sequence

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import Dco
from cutwater.github.effects import AddComment, DeleteComment, Label, SetStatus, Subject
from cutwater.github.types import Commit, PullRequest
from cutwater.github.webhooks import PullRequestEvent
from functions.plugins.commits import commits_of, listed
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.replies import ABOUT, COMMANDS
from functions.plugins.trust import TriggerSettings, is_trusted

CONTEXT = "dco"
YES, NO = "dco-signoff: yes", "dco-signoff: no"
SIGNED = r"(?mi)^signed-off-by:"
ASKS = "Thanks for your pull request. Before we can look at it, you'll need to add a 'DCO signoff' to your commits."

plugin = Plugin(
    "dco",
    about=f"Checks that commits are signed off: the context {CONTEXT}, and the labels {YES} and {NO}, say so.",
    commands=[
        Command(
            "check-dco",
            is_featured=True,
            on="pull requests",
            when="open",
            about="Checks the commits again.",
            who=ANYONE,
            examples=("/check-dco",),
        ),
    ],
    effects=[AddComment, DeleteComment, Label, SetStatus],
    recomputes=True,
)


def settings_for(config: Configuration, subject: Subject) -> Dco:
    """The repository's entry, else its organisation's, else the one for all."""
    entries = config.plugins.section("dco", dict[str, Dco | None]) or {}
    names = (f"{subject.org}/{subject.repo}", subject.org, "*")
    return next((entry for name in names if (entry := entries.get(name)) is not None), Dco())


@plugin.on("pull_request", "opened", "reopened", "synchronize")
async def on_pull_request(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """Who opens it again has heard before what is missing."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
    why = f"pull request {event.action}"
    return await _checked(look, subject, event.pull_request, says_so=event.action != "reopened", why=why)


@plugin.on_command("check-dco")
async def on_command(comment: Comment, look: Look) -> list[Effect[object]]:
    """Check it again."""
    pull = await pull_request_of(look, comment.subject)
    return await _checked(look, comment.subject, pull, says_so=True, why=comment.why)


async def _checked(look: Look, subject: Subject, pull: PullRequest, *, says_so: bool, why: str) -> list[Effect[object]]:
    """What follows from the commits. `says_so`: what is missing is said in a comment."""
    settings = settings_for(look.config, subject)
    missing = await _missing(look, subject, settings)
    yes, no = (NO, YES) if missing else (YES, NO)
    effects: list[Effect[object]] = [
        Label(subject=subject, name=no, present=False, why=why),
        Label(subject=subject, name=yes, present=True, why=why),
    ]
    state = "failure" if missing else "success"
    link = _guide(subject, settings)
    if state not in await _states(look, subject, pull):
        effects.append(
            SetStatus(
                org=subject.org,
                repo=subject.repo,
                sha=pull.head.sha,
                context=CONTEXT,
                state="failure" if missing else "success",
                description="Commits in PR missing Signed-off-by" if missing else "All commits have Signed-off-by",
                target_url=link,
                why=why,
            )
        )
    if says_so or not missing:
        effects += await pruned(look, subject, ASKS, why="the commits were checked again")
    if says_so and missing:
        effects.append(
            AddComment(subject=subject, body=_asking(subject, missing, link), why="commits are not signed off")
        )
    return effects


async def _states(look: Look, subject: Subject, pull: PullRequest) -> list[str]:
    """What the context says of the head by now; nothing where there is none."""
    statuses = await look.github.statuses(subject.org, subject.repo, pull.head.sha)
    return [status.state for status in statuses if status.context == CONTEXT]


async def _missing(look: Look, subject: Subject, settings: Dco) -> list[Commit]:
    """The commits that are not signed off and must be. Merges need not."""
    commits = [one for one in await commits_of(look, subject) if len(one.parents) < 2]
    unsigned = [one for one in commits if not matches(SIGNED, one.commit.message)]
    skips = settings.skip_dco_check_for_members or settings.skip_dco_check_for_collaborators
    if not skips and not settings.trusted_apps:
        return unsigned
    trust = TriggerSettings(
        only_org_members=not settings.skip_dco_check_for_collaborators,
        trusted_apps=settings.trusted_apps,
        trusted_org=settings.trusted_org,
    )
    return [one for one in unsigned if not await _is_trusted(look, subject, trust, one)]


async def _is_trusted(look: Look, subject: Subject, trust: TriggerSettings, commit: Commit) -> bool:
    """Whether GitHub knows whose commit it is, and the repository trusts them."""
    login = commit.author.login if commit.author else ""
    return bool(login) and await is_trusted(look, trust, login, subject.org, subject.repo)


def _guide(subject: Subject, settings: Dco) -> str:
    repository = settings.contributing_repo or f"{subject.org}/{subject.repo}"
    branch, path = settings.contributing_branch or "master", settings.contributing_path or "CONTRIBUTING.md"
    return f"https://github.com/{repository}/blob/{branch}/{path}"


def _asking(subject: Subject, missing: Sequence[Commit], link: str) -> str:
    return (
        f"{ASKS}\n\n"
        f":memo: **Please follow instructions in the [contributing guide]({link}) to update your commits with the "
        "DCO**\n\n"
        "Full details of the Developer Certificate of Origin can be found at "
        "[developercertificate.org](https://developercertificate.org/).\n\n"
        f"**The list of commits missing DCO signoff**:\n\n{listed(subject, missing)}\n\n"
        f"<details>\n\n{ABOUT} {COMMANDS}\n</details>\n"
    )
