"""How git reaches another side: repositories that know where their files are to be had, and what is got from there.

Nothing of it comes from this machine's configuration, and nothing that a repository holds can run here.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from cutwater.git.command import Git, GitError
from cutwater.git.remotes import Remote

CONFIGURATION = {
    "core.hooksPath": "/dev/null",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.followRedirects": "false",
    "protocol.allow": "never",
    "submodule.recurse": "false",
}
TRANSPORTS = {"https", "http", "file"}
"""Others may be programs."""
REPOSITORY = """[core]
	repositoryformatversion = 1
	bare = {bare}
[extensions]
	partialClone = origin
[remote "origin"]
	url = {url}
	promisor = true
	partialCloneFilter = blob:none
"""
LONGEST_WORDS = 10_000
"""Characters of git's words that are passed on."""
_MAY_PASS = re.compile(
    r"Could not resolve|Failed to connect|Connection (refused|reset|timed out)|[Tt]imed? out|early EOF|hung up"
    r"|returned error: (5\d\d|429)|RPC failed|not done in"
)


class Unreachable(GitError):
    """The other side does not answer as it should: later it may."""


def configuration(*remotes: Remote) -> dict[str, str]:
    """What git is told for work with these repositories, and no others."""
    schemes = {urlsplit(remote.url).scheme for remote in remotes}
    told = {**CONFIGURATION, **{f"protocol.{scheme}.allow": "always" for scheme in schemes & TRANSPORTS}}
    for remote in remotes:
        told |= remote.configuration
    return told


def may_pass(words: str) -> bool:
    """Whether git says so of something that may be over soon."""
    return _MAY_PASS.search(words) is not None


def fetch(git: Git, *what: str, stdin: bytes = b"") -> None:
    """Have here what is named and all that it needs, but no files unless they are named themselves.

    Raises Unreachable, and GitError for what there is not.
    """
    options = [option for option in what if option.startswith("--")]
    wanted = [name for name in what if not name.startswith("--")]
    fixed = ["--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"]
    if not any(option.startswith("--filter") for option in options):
        fixed.append("--filter=blob:none")
    ended = git.attempt("fetch", *fixed, *options, "origin", *wanted, stdin=stdin)
    if ended.code:
        words = f"git fetch: {shown(ended.errors, git.folder)}"
        raise Unreachable(words) if may_pass(words) else GitError(words)


def shown(said: bytes, folder: Path) -> str:
    """git's words, without where a folder is."""
    return said.decode(errors="replace").replace(str(folder), ".")[:LONGEST_WORDS].strip()
