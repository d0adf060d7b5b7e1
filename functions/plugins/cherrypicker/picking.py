"""One cherry-pick, from the fork to the new pull request."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.git.effects import CherryPick
from cutwater.git.names import is_branch_name
from cutwater.github.effects import AddComment, Assign, Label, Subject
from cutwater.github.opening import REPOSITORY, Fork, OpenIssue, OpenPullRequest, is_fork_of
from functions.plugins.cherrypicker import wording
from functions.plugins.cherrypicker.asking import Request
from functions.plugins.cherrypicker.options import Options
from functions.plugins.replies import addressed, quoting

FORK_MAY_TAKE = timedelta(minutes=6)


class Merged(Struct, frozen=True, kw_only=True):
    """What is picked: a pull request that was merged into `base`. `time`: GitHub's, of the event that has it picked."""

    subject: Subject
    base: str
    title: str
    body: str
    commits: int
    time: datetime


def answer(request: Request, subject: Subject, message: str) -> AddComment:
    """An answer to whoever asks, below the pull request."""
    said = request.said
    body = wording.BY_LABEL + message
    if said is not None:
        body = addressed(said.login, message, quoting(said.body, said.url))
    return AddComment(subject=subject, body=body, why=_why(request))


async def pick_all(requests: Sequence[Request], change: Merged, options: Options, look: Look, act: Act) -> None:
    """Pick it for each of them: one that fails does not keep the others from theirs. Raises Refused for those."""
    failed = []
    for request in requests:
        try:
            await _Pick(request, change, options, look, act).carry_out()
        except Refused as refused:
            failed.append(f"failed to handle cherrypick for {request.target}: {refused}")
    if failed:
        raise Refused("\n".join(failed))


class _Pick:
    """One cherry-pick."""

    def __init__(self, request: Request, change: Merged, options: Options, look: Look, act: Act) -> None:
        self._request, self._change, self._options = request, change, options
        self._look, self._act = look, act
        self._org, self._repo = change.subject.org, change.subject.repo
        self._branch = f"cherry-pick-{change.subject.number}-to-{request.target}"
        self._title = wording.title_of(change.title, target=request.target, base=change.base)

    async def carry_out(self) -> None:
        target = self._request.target
        known = is_branch_name(target) and is_branch_name(self._branch)
        onto = await self._look.github.branch_sha(self._org, self._repo, target) if known else None
        if onto is None:
            await self._answer(f"cannot checkout `{target}`: {self._org}/{self._repo} has no branch of this name")
            return
        try:
            owner, name = await self._place()
        except Refused as refused:
            await self._answer(f"cannot decide how to push into {self._org}/{self._repo}: {refused}")
            return
        open_ = await self._look.github.pull_requests(
            self._org, self._repo, head=f"{owner}:{self._branch}", base=target
        )
        if open_:
            number = self._change.subject.number
            await self._answer(f"Looks like #{number} has already been cherry picked in {open_[0].html_url}")
            return
        if await self._push(onto, f"{owner}/{name}"):
            await self._propose(self._branch if owner == self._org else f"{owner}:{self._branch}")

    async def _place(self) -> tuple[str, str]:
        """Where the branch goes: to a fork of ours; to the repository itself where there may be none."""
        bot = await self._look.github.bot()
        if bot.is_app or bot.login == self._org:  # an App has no account that could hold a fork
            return self._org, self._repo
        found = await self._look.github.get(REPOSITORY, org=bot.login, repo=self._repo)
        if found is not None and is_fork_of(found, self._org, self._repo):
            return bot.login, self._repo
        until = self._change.time + FORK_MAY_TAKE
        fork = Fork(org=self._org, repo=self._repo, owner=bot.login, until=until, why=_why(self._request))
        name = await self._act(fork)
        return (bot.login, name) if name else (self._org, self._repo)

    async def _push(self, onto: str, place: str) -> bool:
        """Whether the branch stands. Where it does not, whoever asked is told; raises Refused for what went wrong."""
        bot = await self._look.github.bot()
        me = await self._look.github.get("/user") or {}
        login = f"{bot.login}[bot]" if bot.is_app else bot.login
        picked = await self._act(
            CherryPick(
                org=self._org,
                repo=self._repo,
                number=self._change.subject.number,
                commits=self._change.commits,
                onto=onto,
                place=place,
                branch=self._branch,
                name=login,
                email=me.get("email") or f"{login}@users.noreply.github.com",
                at=self._change.time,
                why=_why(self._request),
            )
        )
        words = picked["words"]
        match picked["failed"]:
            case "patch":
                await self._answer(wording.NO_PATCH.format(words=words))
            case "fetch":
                await self._answer(f"cannot get what is to be cherry-picked: {words}")
                raise Refused(words)
            case "apply":
                await self._tell_conflict(words)
                raise Refused(f"failed to `git am`: {words}")
            case "push":
                await self._answer(f"failed to push cherry-picked changes in GitHub: {words}")
                raise Refused(words)
        return not picked["failed"]

    async def _tell_conflict(self, words: str) -> None:
        text = wording.conflict(self._change.subject.number, self._request.target, words)
        await self._answer(text)
        if not self._options.opens_issues:
            return
        try:
            number = await self._act(
                OpenIssue(
                    org=self._org,
                    repo=self._repo,
                    title=self._title,
                    body=f"Manual cherrypick required.\n\n{text}",
                    assignees=(self._request.login,),
                    why=_why(self._request),
                )
            )
        except Refused as refused:
            await self._answer(f"new issue could not be created for failed cherrypick: {refused}")
        else:
            await self._answer(f"new issue created for failed cherrypick: #{number}")

    async def _propose(self, head: str) -> None:
        """Open the pull request, with its labels and its assignee. Raises Refused."""
        why = _why(self._request)
        proposed = OpenPullRequest(
            org=self._org,
            repo=self._repo,
            source=head,
            base=self._request.target,
            title=self._title,
            body=await self._body(),
            why=why,
        )
        try:
            number = await self._act(proposed)
        except Refused as refused:
            await self._answer(f"new pull request could not be created: {refused}")
            raise
        await self._answer(f"new pull request created: #{number}")
        subject = Subject(self._org, self._repo, number)
        for label in self._options.labels:
            await self._act(Label(subject=subject, name=label, present=True, why=why))
        if self._options.assigns:
            try:
                await self._act(Assign(subject=subject, login=self._request.login, present=True, why=why))
            except Refused:
                return  # who is no member cannot be assigned; the text of the pull request names them

    async def _body(self) -> str:
        subject = self._change.subject
        try:
            labels = await self._look.github.labels(subject.org, subject.repo, subject.number)
        except Refused:
            labels = []
        return wording.body_of(
            subject.number,
            requester=self._request.login if self._options.assigns else "",
            parent=self._change.body,
            chain=self._request.chain,
            labels=labels,
        )

    async def _answer(self, message: str) -> None:
        await self._act(answer(self._request, self._change.subject, message))


def _why(request: Request) -> str:
    how = f"/cherrypick {request.target} by" if request.said else f"the label for {request.target}, for"
    return f"{how} {request.login}"
