"""Who owns what in a repository at a commit. docs/decisions/owners.md has how it is read, and what that costs.

What was read is kept in the state bucket for the day, and in the process: GitHub is not asked for the same thing twice.
Source: sigs.k8s.io/prow pkg/repoowners (LoadRepoOwners).
"""

from collections.abc import Collection

import msgspec

from cutwater.config.owners import Said, naming_of, read_all
from cutwater.config.patterns import matches
from cutwater.errors import Refused
from cutwater.events.look import Look
from cutwater.events.owners_files import File, Files, OwnersFiles, digest
from cutwater.events.remembered import Remembered
from cutwater.owners.listing import counting
from cutwater.owners.owners import Owners

OWNERS = "owners/"
"""The prefix of what is kept."""
MOST_BYTES = 1_000_000
"""A file that is larger is not read: none is known that has a tenth of it."""
MOST_STATES = 200
"""What the files of so many states of repositories say is kept by a process."""
_SHAPE = "1"
"""Changes with the shape or the meaning of what is kept."""


async def owners_of(look: Look, org: str, repo: str, sha: str, *, paths: Collection[str] | None = None) -> Owners:
    """The owners at a commit. Only collaborators approve and review, unless the configuration wants it otherwise.

    `paths`: the files that will be asked about. Where Markdown files may have owners of their own only these are
    read; None reads all of them, which is for questions about the whole repository. Raises Refused and Later.
    """
    said = await _Reading(look, org, repo, sha).said(paths)
    owners = Owners(said.files, matches, wrong=said.wrong)
    if look.config.plugins.owners.skips_collaborators(org, repo):
        return owners
    collaborators = await _collaborators(look, org, repo)
    return owners.among(collaborators) if collaborators else owners


async def owners_of_branch(
    look: Look, org: str, repo: str, branch: str, *, paths: Collection[str] | None = None
) -> Owners:
    """The owners where a branch points to now. Raises Refused where there is no such branch, and Later."""
    sha = await look.github.branch_sha(org, repo, branch)
    if not sha:
        raise Refused(f"GitHub has no branch {branch} in {org}/{repo}")
    return await owners_of(look, org, repo, sha, paths=paths)


async def _collaborators(look: Look, org: str, repo: str) -> list[str]:
    """Who may work on a repository; nobody where GitHub does not tell. (Upstream lets all owners count then.)"""
    try:
        found = await look.github.pages("/repos/{org}/{repo}/collaborators", org=org, repo=repo)
    except Refused:
        return []
    return [user["login"] for user in found]


class _Reading:
    """One commit of a repository, read under one look."""

    def __init__(self, look: Look, org: str, repo: str, sha: str) -> None:
        self._look, self._org, self._repo, self._sha = look, org, repo, sha
        self._naming = naming_of(look.config, org, repo)
        self._name = f"{_SHAPE}/{org}/{repo}"
        self._remembered = Remembered(OWNERS, look.state, look.known, look.now)
        self._files = OwnersFiles(look.trees, self._remembered, self._naming, org=org, repo=repo, name=self._name)

    async def said(self, paths: Collection[str] | None) -> Said:
        """What the files that count say, and whatever is wrong in them."""
        question = f"OWNERS {self._org}/{self._repo} {self._sha}"
        files = await self._recorded(question, paths)
        name = f"{self._name}/said/{digest((files, self._naming))}"
        said = await self._remembered.once(name, Said, lambda: self._read(files), most=MOST_STATES)
        if said.wrong:
            await self._look.reads.once(f"{question} WRONG", lambda: _answer(said.wrong))
        return said

    async def _recorded(self, question: str, paths: Collection[str] | None) -> Files:
        """The files that count, as the receipt has them."""
        markdown = () if paths is None else sorted(filter(self._naming.is_markdown, paths))

        async def ask() -> object:
            found = await self._files.at(self._sha)
            wanted = found if paths is None else {path for path in found if self._is_wanted(path, markdown)}
            names = counting(wanted, self._naming, matches)
            return msgspec.to_builtins({path: found[path] for path in (self._naming.aliases, *names) if path in found})

        return msgspec.convert(await self._look.reads.once(" ".join((question, *markdown)), ask), dict[str, File])

    def _is_wanted(self, path: str, markdown: Collection[str]) -> bool:
        return path in markdown or not self._naming.is_markdown(path)

    async def _read(self, files: Files) -> Said:
        small = {path: file for path, file in files.items() if file.size <= MOST_BYTES}
        large = [f"{path}: is too large, and not read" for path in files if path not in small]
        texts = await self._files.texts(self._sha, small)
        said = read_all(texts, self._naming)
        return Said(said.files, (*large, *said.wrong))


async def _answer(wrong: tuple[str, ...]) -> tuple[str, ...]:
    return wrong
