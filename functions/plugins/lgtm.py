"""lgtm: a reviewer says that a pull request looks good, and a push takes that back.

Source: sigs.k8s.io/prow pkg/plugins/lgtm.
"""

import contextlib

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import compiled, matches
from cutwater.errors import Refused
from cutwater.events.repository_owners import owners_of_branch
from cutwater.github.effects import AddComment, Assign, DeleteComment, Label, RequestReview, Subject
from cutwater.github.types import Review, User
from cutwater.github.webhooks import PullRequestEvent, ReviewEvent, Text, Webhook
from cutwater.owners.files import login
from functions.plugins.kit import Act, Command, Comment, Effect, Look, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.replies import reply
from functions.plugins.trust import has

LGTM = "lgtm"
ADD = r"(?mi)^/lgtm(?: no-issue)?\s*$"
CANCEL = r"(?mi)^/(remove-lgtm|lgtm cancel)\s*$"
OWN = "you cannot LGTM your own PR."
NOT_A_COLLABORATOR = "changing LGTM is restricted to collaborators"
NOT_AN_OWNER = "adding LGTM is restricted to approvers and reviewers in OWNERS files."
REMOVED = "New changes are detected. LGTM label has been removed."
ADDED = "LGTM label has been added.  <details>Git tree hash: "
TREE = rf"{ADDED}(.*)</details>"

# The plugin itself checks who may: reviews are under the same rule, and the refusal depends on the configuration.
plugin = Plugin(
    "lgtm",
    about=f"Reviewers put the {LGTM} label on a pull request that looks good to them; a push removes it.",
    commands=[
        Command(
            name="lgtm",
            is_featured=True,
            pattern=ADD,
            usage="/lgtm [no-issue]",
            on="pull requests",
            when="open",
            about=f"Adds the {LGTM} label.",
            who="Collaborators of the repository, but not the author of the pull request.",
            examples=("/lgtm",),
        ),
        Command(
            name="lgtm cancel",
            pattern=CANCEL,
            usage="/lgtm cancel",
            on="pull requests",
            when="open",
            about=f"Removes the {LGTM} label.",
            who="Collaborators of the repository, and the author of the pull request.",
            examples=("/lgtm cancel", "/remove-lgtm"),
        ),
    ],
    effects=[AddComment, Assign, DeleteComment, Label, RequestReview],
)


class LgtmSettings(Struct, frozen=True, kw_only=True):
    """One entry of `lgtm` in plugins.yaml."""

    repos: tuple[str, ...] = ()
    review_acts_as_lgtm: bool = False
    store_tree_hash: bool = False
    trusted_team_for_sticky_lgtm: str = ""


def settings_for(config: Configuration, org: str, repo: str) -> LgtmSettings:
    """The first entry that names the repository, else the first that names its organisation."""
    entries = config.plugins.section("lgtm", tuple[LgtmSettings, ...]) or ()
    for name in (f"{org}/{repo}", org):
        for entry in entries:
            if name in entry.repos:
                return entry
    return LgtmSettings()


@plugin.on_command("lgtm", "lgtm cancel")
async def on_command(comment: Comment, look: Look, act: Act) -> None:
    """The label is to be as the command says."""
    text = comment.text
    said = _Said(text.subject, text.author, text.issue_author, text.assignees, text)
    await _decide(said, look, act, wanted=comment.command.name == "lgtm", why=f"{comment.command} by ")


def _reviews_count(hook: Webhook, config: Configuration) -> bool:
    return settings_for(config, hook.org, hook.repo).review_acts_as_lgtm


@plugin.on("pull_request_review", "submitted", wants=_reviews_count)
async def on_review(event: ReviewEvent, look: Look, act: Act) -> None:
    """Where the repository wants it so, an approval is a /lgtm, and a request for changes takes it back."""
    review, pull = event.review, event.pull_request
    wanted = {"approved": True, "changes_requested": False}.get(review.state.lower())
    if wanted is None or await _is_no_word(review, look):
        return
    subject = Subject(event.repository.owner.login, event.repository.name, pull.number)
    text = _review_as_text(event, subject)
    said = _Said(subject, review.user, pull.user, pull.assignees, text)
    await _decide(said, look, act, wanted=wanted, why=f"review {review.state.lower()} by ")


async def _is_no_word(review: Review, look: Look) -> bool:
    """Bots' reviews do not count, nor do those whose text has the command: that one is heard as a comment."""
    is_bot = review.user.type == "Bot" or (await look.github.bot()).is_me(review.user.login)
    return is_bot or matches(ADD, review.body) or matches(CANCEL, review.body)


def _review_as_text(event: ReviewEvent, subject: Subject) -> Text:
    pull = event.pull_request
    return Text(
        action="created",
        subject=subject,
        author=event.review.user,
        body=event.review.body,
        url=event.review.html_url,
        is_pull_request=True,
        issue_author=pull.user,
        issue_state=pull.state,
        issue_title=pull.title,
        issue_body=pull.body,
        issue_url=pull.html_url,
    )


class _Said(Struct, frozen=True):
    """Who said it, of which pull request; `text` is what an answer quotes."""

    subject: Subject
    by: User
    author: User
    assignees: tuple[User, ...]
    text: Text


async def _decide(said: _Said, look: Look, act: Act, *, wanted: bool, why: str) -> None:
    """What the word of somebody does, if they may say it. Raises Refused, and does not go on then."""
    subject, by = said.subject, said.by.login
    why += by
    refusal = await _refusal(said, look, wanted=wanted)
    if refusal:
        await act(_answer(said, refusal, why))
        return
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    if by != said.author.login and not _skips_collaborators(look, subject):
        await _assign(said, act)
    await act(Label(subject=subject, name=LGTM, present=wanted, why=why))
    if has(labels, LGTM) != wanted:
        await (_added(said, look, act) if wanted else _cancelled(said, look, act))


async def _refusal(said: _Said, look: Look, *, wanted: bool) -> str:
    """What is said to somebody who may not; empty for those who may."""
    subject, by = said.subject, said.by.login
    if by == said.author.login:
        return OWN if wanted else ""
    if _skips_collaborators(look, subject):
        return "" if await _is_owner(look, subject, by) else NOT_AN_OWNER
    return "" if await look.github.is_collaborator(subject.org, subject.repo, by) else NOT_A_COLLABORATOR


def _skips_collaborators(look: Look, subject: Subject) -> bool:
    return look.config.plugins.owners.skips_collaborators(subject.org, subject.repo)


async def _assign(said: _Said, act: Act) -> None:
    """Who reviews it is an assignee, if GitHub lets them be one."""
    by = said.by.login
    if by not in {user.login for user in said.assignees}:
        with contextlib.suppress(Refused):
            await act(Assign(subject=said.subject, login=by, present=True, why=f"{by} reviews it"))


def _answer(said: _Said, message: str, why: str) -> Effect[object]:
    return AddComment(subject=said.subject, body=reply(said.text, message), why=why)


async def _is_owner(look: Look, subject: Subject, by: str) -> bool:
    """Whether somebody approves or reviews one of the files that are changed. Raises Refused."""
    pull = await pull_request_of(look, subject)
    paths = [file.filename for file in await look.github.files(subject.org, subject.repo, subject.number)]
    owners = await owners_of_branch(look, subject.org, subject.repo, pull.base.ref, paths=paths)
    return any(login(by) in owners.approvers(path) | owners.reviewers(path) for path in paths)


async def _added(said: _Said, look: Look, act: Act) -> None:
    """What goes with a new label: the tree that was reviewed is written down, and old notices go.

    Where the author's pushes leave the label alone there is neither.
    """
    subject, settings = said.subject, settings_for(look.config, said.subject.org, said.subject.repo)
    if await _is_sticky(look, settings, subject.org, said.author.login):
        return
    if settings.store_tree_hash:
        pull = await look.github.pull_request(subject.org, subject.repo, subject.number)
        commit = pull and await look.github.commit(subject.org, subject.repo, pull.head.sha)
        if commit:
            body = f"{ADDED}{commit.commit.tree.sha}</details>"
            await act(AddComment(subject=subject, body=body, why="the tree that was reviewed"))
    await _prune(look, act, subject, REMOVED)


async def _cancelled(said: _Said, look: Look, act: Act) -> None:
    """What goes with a label that is taken back, where trees are written down.

    The notice stays where GitHub will not ask all for another review, as in Prow.
    """
    if settings_for(look.config, said.subject.org, said.subject.repo).store_tree_hash:
        await act(_review_again(said.subject, said.assignees))
        await _prune(look, act, said.subject, ADDED)


async def _prune(look: Look, act: Act, subject: Subject, marker: str) -> None:
    for notice in await pruned(look, subject, marker, why="it does not hold any more"):
        await act(notice)


def _review_again(subject: Subject, assignees: tuple[User, ...]) -> Effect[object]:
    reviewers = tuple(user.login for user in assignees)
    return RequestReview(subject=subject, reviewers=reviewers, why="what they approved has changed")


async def _is_sticky(look: Look, settings: LgtmSettings, org: str, author: str) -> bool:
    """Whether the author's pushes leave the label alone: they are in the team that is trusted so."""
    if not settings.trusted_team_for_sticky_lgtm:
        return False
    for team in await look.github.pages("/orgs/{org}/teams", org=org):
        if team["name"] == settings.trusted_team_for_sticky_lgtm:
            members = await look.github.pages("/orgs/{org}/teams/{slug}/members?role=all", org=org, slug=team["slug"])
            return author in {member["login"] for member in members}
    return False


@plugin.on("pull_request", "synchronize")
async def on_push(event: PullRequestEvent, look: Look, act: Act) -> None:
    """New commits have not been reviewed: the label goes, unless the tree is the one that was.

    Where there is no label it is taken away all the same: a /lgtm from before the push may come late. Raises Refused
    where somebody has reviewed the new commits already, and goes no further.
    """
    pull, repository = event.pull_request, event.repository
    if pull.merged:
        return
    subject = Subject(repository.owner.login, repository.name, pull.number)
    settings = settings_for(look.config, subject.org, subject.repo)
    if await _is_sticky(look, settings, subject.org, pull.user.login):
        return
    is_labelled = has(await look.github.labels(subject.org, subject.repo, subject.number), LGTM)
    if is_labelled and settings.store_tree_hash and await _is_same_tree(look, subject, pull.head.sha):
        return
    why = "new commits were pushed"
    await act(Label(subject=subject, name=LGTM, present=False, why=why))
    if not is_labelled:
        return
    if settings.store_tree_hash:
        with contextlib.suppress(Refused):
            await act(_review_again(subject, pull.assignees))
    await act(AddComment(subject=subject, body=REMOVED, why=why))


async def _is_same_tree(look: Look, subject: Subject, head: str) -> bool:
    """Whether the newest note of ours that nobody has edited names the tree of the new head."""
    bot = await look.github.bot()
    for comment in reversed(await look.github.comments(subject.org, subject.repo, subject.number)):
        noted = compiled(TREE).search(comment.body)
        if noted and bot.is_me(comment.user.login) and comment.updated_at == comment.created_at:
            commit = await look.github.commit(subject.org, subject.repo, head)
            return commit is not None and commit.commit.tree.sha == noted.group(1)
    return False
