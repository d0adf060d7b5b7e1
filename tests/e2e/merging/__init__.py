"""A platform that merges: a ferry, whose branches show one thing each, and a fleet, which merges batches."""

import asyncio
import itertools
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import yaml

from cutwater.events.pools import Entry
from cutwater.prowjob.types import Refs
from infra.local.demo import seed
from infra.local.demo.people import Person
from infra.local.github.server import GitHub
from infra.local.settings import Ports, Settings
from tests.e2e.pull import Pull
from tests.e2e.running import Running, free_ports
from tests.e2e.story import soon
from tests.e2e.world import write_triggers

HERE = Path(__file__).parent
FERRY, FLEET = "acme/ferry", "acme/fleet"
BRANCHES = {FERRY: ("squashed", "rebased", "guarded", "moving"), FLEET: ("pair",)}
BLOCKER = "merge-blocker"
PACE, SEARCH_LAG = "0.1", 20.0


def made(folder: Path, mode: str) -> tuple[Settings, int]:
    """The settings of a new platform whose pools are in this mode, and the port at which the weather is to be."""
    front, github, kube, s3, broker, weather = free_ports(6)
    settings = seed.configured(
        Settings(
            folder=folder,
            ports=Ports(front=front, github=github, kube=kube, s3=s3, broker=broker),
            config=Path(),
            github_api=f"http://127.0.0.1:{weather}/api/v3",
            triggers=folder / "triggers",
            environment={"CUTWATER_PACE": PACE},
            search_lag=SEARCH_LAG,
        )
    )
    _configure(settings, mode)
    write_triggers(settings.triggers)
    seed.seed(settings)
    with GitHub(settings.folder / "github", base_url=settings.github) as local:
        world = local.world()
        for repository, branches in BRANCHES.items():
            world.repository(
                repository,
                files={"README.md": f"# {repository}\n"},
                labels=["lgtm", BLOCKER],
                branches=branches,
                collaborators={seed.REVIEWER: "write", seed.AUTHOR: "write", seed.BOT: "write"},
                hook=(f"{settings.deck}/hook", settings.secret("hmac-token")),
            )
        world.protect(FERRY, "guarded", approvals=1, enforce_admins=True)
    return settings, weather


def _configure(settings: Settings, mode: str) -> None:
    assert settings.jobs is not None and settings.plugins is not None
    settings.jobs.write_text((HERE / "jobs.yaml").read_text())
    settings.plugins.write_text((HERE / "plugins.yaml").read_text())
    config = yaml.safe_load(settings.config.read_text())
    config["tide"] = yaml.safe_load((HERE / "tide.yaml").read_text())
    if mode == "speculative":
        del config["tide"]["batch_size_limit"]  # without batches there are no lanes
        config["prow_ignored"] = {"cutwater": {"tide": {"*": {"mode": mode}}}}
    settings.config.write_text(yaml.safe_dump(config))


class Line:
    """A branch, and the pull requests to it."""

    def __init__(self, platform: Running, mode: str, repository: str, branch: str) -> None:
        self.mode, self.repository, self.branch = mode, repository, branch
        self.test = f"pull-{repository.partition('/')[2]}-test"
        people = (seed.AUTHOR, seed.REVIEWER, seed.BOT)
        self.author, self.reviewer, self._robot = (Person(platform.settings, login) for login in people)
        self.address = f"{platform.settings.github}/{repository}.git"
        self._platform = platform
        self._numbers = itertools.count(1)

    async def opened(self, files: dict[str, str], title: str, *more: tuple[dict[str, str], str]) -> Pull:
        """A pull request to it with a commit of these files, and `more` commits: files and message."""
        head = f"{self.branch}-{next(self._numbers)}"
        await self.author.push(self.repository, head, files, title)
        for others, message in more:
            await self.author.push_more(self.repository, head, others, message)
        number = await self.author.open_pull_request(self.repository, head, title, "", self.branch)
        return Pull(self._platform, self.repository, number)

    async def are_tested(self, *pulls: Pull, state: str = "success") -> None:
        """Wait until their tests have ended so."""
        for pull in pulls:
            await soon(f"{self.test} of #{pull.number} is {state}", partial(pull.ended, self.test, state))

    async def are_reviewed(self, *pulls: Pull) -> None:
        """Wait until somebody has found them good."""
        await asyncio.gather(*(self.reviewer.comment(self.repository, pull.number, "/lgtm") for pull in pulls))
        for pull in pulls:
            await soon(f"#{pull.number} looks good", partial(pull.has, "lgtm"))

    async def are_merged(self, *pulls: Pull) -> None:
        for pull in pulls:
            await soon(f"#{pull.number} is merged", pull.is_merged)

    async def is_blocked(self, title: str) -> int:
        """Open an issue that blocks what its title says. Its number."""
        body: dict[str, object] = {"title": title, "labels": [BLOCKER]}
        return int((await self.reviewer.send(f"/repos/{self.repository}/issues", body))["number"])

    async def is_free(self, issue: int) -> None:
        """Close the issue."""
        await self.reviewer.comment(self.repository, issue, "/close")

    async def pool(self) -> Any:
        """Its pool, as deck tells programs of it; None where it has none."""
        org, _, repo = self.repository.partition("/")
        pools = (await self._ask_deck("/tide.js"))["Pools"] or ()
        here = (org, repo, self.branch)
        return next((one for one in pools if (one["Org"], one["Repo"], one["Branch"]) == here), None)

    async def history(self) -> list[tuple[str, list[int], str]]:
        """What deck says was done in it, one after the other: the action, with whom, what went wrong."""
        whole = (await self._ask_deck("/tide-history.js"))["History"]
        entries = msgspec.convert(whole.get(f"{self.repository}:{self.branch}", []), list[Entry])
        return [(one.action, [target.number for target in one.target], one.err) for one in reversed(entries)]

    async def landings(self) -> list[str]:
        """The commits that the robot has put it at, one after the other, as GitHub's webhooks told."""
        hooks = f"/repos/{self.repository}/hooks"
        deliveries = f"{hooks}/{(await self._robot.ask(hooks))[0]['id']}/deliveries"
        found: list[str] = []
        listed = await self._robot.ask(f"{deliveries}?per_page=100")
        while listed:
            for one in listed:
                if one["event"] == "push":
                    push = (await self._robot.ask(f"{deliveries}/{one['id']}"))["request"]["payload"]
                    if (push["ref"], push["sender"]["login"]) == (f"refs/heads/{self.branch}", seed.BOT):
                        found.append(push["after"])
            listed = await self._robot.ask(f"{deliveries}?per_page=100&cursor={listed[-1]['id']}")
        return found[::-1]

    async def green(self) -> list[Refs]:
        """What runs of its test have passed with."""
        jobs = await self._platform.kube().read.prowjobs("default")
        passed = [job.spec.refs for job in jobs if job.status.state == "success" and job.spec.context == self.test]
        return [refs for refs in passed if refs is not None and refs.base_ref == self.branch]

    async def subjects(self) -> list[str]:
        """The first lines of the commits that it was put at, the newest first."""
        found = await self.author.ask(f"/repos/{self.repository}/commits?sha={self.branch}&per_page=100")
        commits = {one["sha"]: one for one in found}
        subjects, at = [], found[0]
        while at is not None:
            subjects.append(at["commit"]["message"].partition("\n")[0])
            at = commits.get(at["parents"][0]["sha"]) if at["parents"] else None
        return subjects

    async def _ask_deck(self, path: str) -> Any:
        async with httpx2.AsyncClient(base_url=self._platform.settings.deck, timeout=30) as client:
            return (await client.get(path)).raise_for_status().json()
