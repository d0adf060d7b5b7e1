"""The jobs of a repository: the static ones, and those that it brings along where it may.

What was read is kept in the state bucket for the day, and in the process: GitHub is not asked for the same thing twice.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError, Source
from cutwater.config.inrepo import is_enabled
from cutwater.config.jobs import Postsubmit, Presubmit
from cutwater.errors import Refused
from cutwater.events.look import Look
from cutwater.events.own_files import Brought, OwnFiles, Repository, identity
from cutwater.events.remembered import Remembered

IN_REPO = "in-repo/"
"""The prefix of what is kept."""
MOST_JOBS = 200
"""The jobs of so many states of repositories are kept by a process."""
_SHAPE = "1"
"""Changes with the shape or the meaning of what is kept."""


class RepositoryJobs(Struct, frozen=True, kw_only=True):
    """The jobs of a repository at one commit, or at a merge that is still to be made: the static ones first.

    `wrong`: why its own jobs cannot be used, in words; the static ones are here alone then. `brings`: a name for its
    own files, "" where there are none that count. The same name under the same configuration stands for the same jobs.
    """

    presubmits: tuple[Presubmit, ...] = ()
    postsubmits: tuple[Postsubmit, ...] = ()
    wrong: str = ""
    brings: str = ""


class _Files(Struct, frozen=True):
    files: OwnFiles


class _OwnJobs(Struct, frozen=True):
    presubmits: tuple[Presubmit, ...] = ()
    postsubmits: tuple[Postsubmit, ...] = ()
    wrong: str = ""


async def jobs_of(look: Look, org: str, repo: str, *, base_sha: str, heads: Sequence[str] = ()) -> RepositoryJobs:
    """The jobs that count for `heads`, merged in this order to the branch at `base_sha`; for the branch, without any.

    Raises Later.
    """
    jobs = look.config.jobs
    static = RepositoryJobs(
        presubmits=tuple(jobs.presubmits_of(org, repo)), postsubmits=tuple(jobs.postsubmits_of(org, repo))
    )
    if not is_enabled(look.config.prow.in_repo_config, org, repo):
        return static
    return await _Reading(look, org, repo).jobs(static, base_sha, heads)


def may_have_presubmits(config: Configuration, org: str, repo: str) -> bool:
    """Whether a repository has static presubmits, or may bring its own."""
    return bool(config.jobs.presubmits_of(org, repo)) or is_enabled(config.prow.in_repo_config, org, repo)


class _Reading:
    """One repository, read under one look."""

    def __init__(self, look: Look, org: str, repo: str) -> None:
        self._look, self._org, self._repo = look, org, repo
        self._name = f"{_SHAPE}/{org}/{repo}"
        self._remembered = Remembered(IN_REPO, look.state, look.known, look.now)
        self._files = Repository(look.trees, self._remembered, org, repo, self._name)

    async def jobs(self, static: RepositoryJobs, base: str, heads: Sequence[str]) -> RepositoryJobs:
        question = f"IN-REPO {self._org}/{self._repo} {' '.join((base, *heads))}"
        try:
            files = await self._recorded(question, base, heads)
            own = await self._own(files)
        except Refused as refused:
            own, files = _OwnJobs(wrong=str(refused)), Brought()
        if own.wrong:
            await self._look.reads.once(f"{question} WRONG", lambda: _answer(own.wrong))
        return RepositoryJobs(
            presubmits=(*static.presubmits, *own.presubmits),
            postsubmits=(*static.postsubmits, *own.postsubmits),
            wrong=own.wrong,
            brings=identity(files),
        )

    async def _recorded(self, question: str, base: str, heads: Sequence[str]) -> OwnFiles:
        """What is brought along, as the receipt has it."""

        async def ask() -> object:
            return msgspec.to_builtins(_Files(await self._files.merged(base, heads)))

        return msgspec.convert(await self._look.reads.once(question, ask), _Files).files

    async def _own(self, files: OwnFiles) -> _OwnJobs:
        """Its own jobs in force. Raises Refused where they cannot be read."""
        if files == Brought():
            return _OwnJobs()

        async def ask() -> _OwnJobs:
            try:
                return self._read(await self._files.sources(files))
            except ConfigError as error:
                return _OwnJobs(wrong=str(error))

        under = hashlib.sha256(f"{identity(files)} {self._look.config.digest}".encode()).hexdigest()
        return await self._remembered.once(f"{self._name}/jobs/{under}", _OwnJobs, ask, most=MOST_JOBS)

    def _read(self, found: Sequence[Source]) -> _OwnJobs:
        from cutwater.config.own_jobs import own_jobs

        return _OwnJobs(*own_jobs(self._look.config, self._org, self._repo, found))


async def _answer(text: str) -> str:
    return text
