"""Which git commands bring the code of a job to its place, and how a run of them is written down. Pure.

Source: sigs.k8s.io/prow pkg/pod-utils/clone.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from cutwater.podutils import gotext, paths, urls
from cutwater.podutils.jobspec import GITHUB_HOST
from cutwater.prowjob.types import Refs

FETCH_RETRIES_MS = (100, 200, 400, 800, 2_000, 5_000, 10_000, 15_000, 30_000)
"""How long a fetch that failed waits before each further try."""


class Command(Struct, frozen=True, kw_only=True):
    """One command: where it runs, its variables (none: the program's own), and its waits between further tries."""

    argv: tuple[str, ...]
    dir: str = "/"
    env: tuple[str, ...] = ()
    retries_ms: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"PWD={self.dir} {' '.join(self.env)} {' '.join(self.argv)}"


class Ran(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a command. `duration`: nanoseconds."""

    command: str
    output: str = ""
    error: str = ""
    duration: int = 0


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of the cloning of one repository; the first record, without one, is of the preparations."""

    refs: Refs
    commands: tuple[Ran, ...] = ()
    failed: bool = False
    final_sha: str = ""
    duration: int = 0


def directory(root: str, refs: Refs) -> str:
    """Where below `root` the code goes: where a Go import path would look for it."""
    place = refs.path_alias or refs.repo_link.rpartition("://")[2] or f"{GITHUB_HOST}/{refs.full_name}"
    return paths.join(root, "src", place)


def uri(refs: Refs, *, user: str = "", token: str = "") -> str:
    """Where the code comes from, with the token in it. `user` is empty for a personal token, which stands for both."""
    link = f"{refs.repo_link}.git" if refs.repo_link else f"https://{GITHUB_HOST}/{refs.full_name}.git"
    address = refs.clone_uri or link
    if not token:
        return address
    try:
        url = urls.parse(address)
    except ValueError:  # git@host:org/repo, where a key speaks for us
        return address
    who = urls.credentials(user, token) if user else urls.credentials(token, "x-oauth-basic")
    return str(msgspec.structs.replace(url, user=who))


class Checkout(Struct, frozen=True, kw_only=True):
    """One repository to be cloned into `dir`, with the variables that all of its commands get."""

    refs: Refs
    dir: str
    uri: str
    env: tuple[str, ...] = ()

    def git(self, *arguments: str, env: Sequence[str] = ()) -> Command:
        return Command(argv=("git", *arguments), dir=self.dir, env=(*self.env, *env))

    def _fetch(self, *arguments: str) -> Command:
        return msgspec.structs.replace(self.git("fetch", *arguments), retries_ms=FETCH_RETRIES_MS)

    @property
    def _is_sparse(self) -> bool:
        return bool(self.refs.sparse_checkout_files)

    @property
    def _filter(self) -> list[str]:
        return ["--filter=blob:none"] if self.refs.blobless_fetch or self._is_sparse else []

    def base(self, *, git_user_name: str = "", git_user_email: str = "", cookie_path: str = "") -> list[Command]:
        """The commands up to the branch standing at its base commit."""
        refs = self.refs
        commands = [Command(argv=("mkdir", "-p", self.dir), env=self.env), self.git("init")]
        if git_user_name:
            commands.append(self.git("config", "user.name", git_user_name))
        if git_user_email:
            commands.append(self.git("config", "user.email", git_user_email))
        if cookie_path and refs.skip_submodules:
            commands.append(self.git("config", "http.cookiefile", cookie_path))
        if self._is_sparse:
            commands.append(self.git("sparse-checkout", "init"))
        how = [*(["--depth", str(refs.clone_depth)] if refs.clone_depth > 0 else ()), *self._filter]
        if not refs.skip_fetch_head and not self._is_sparse:
            commands.append(self._fetch(*how, self.uri, "--tags", "--prune"))
        without_tags = ["--no-tags"] if self._is_sparse else []
        commands.append(self._fetch(*how, *without_tags, self.uri, refs.base_sha or refs.base_ref))
        if self._is_sparse:
            commands.append(self.git("sparse-checkout", "set", *refs.sparse_checkout_files))
        target = refs.base_sha or "FETCH_HEAD"
        # The branch cannot be moved while it is checked out: so first the commit, then the branch, then onto it.
        return [
            *commands,
            self.git("checkout", target),
            self.git("branch", "--force", refs.base_ref, target),
            self.git("checkout", refs.base_ref),
        ]

    def base_time(self) -> Command:
        """Asks when the base commit was made: the merges are dated after it, so that their ids can be had again."""
        return self.git("show", "-s", "--format=format:%ct", "HEAD")

    def head(self) -> Command:
        """Asks for the commit that all of this ended in."""
        return self.git("rev-parse", "HEAD")

    def tree(self) -> Command:
        """Asks for the tree that the merges have given."""
        return self.git("rev-parse", "HEAD^{tree}")

    def pulls(self, base_time: int) -> list[Command]:
        """The commands that merge the pull requests, each a second later than the last. `base_time`: epoch seconds."""
        commands = []
        for later, pull in enumerate(self.refs.pulls, start=1):
            commands.append(self._fetch(*self._filter, self.uri, pull.ref or pull.sha or f"pull/{pull.number}/head"))
            dates = [f"{name}={base_time + later}" for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")]
            commands.append(self.git("merge", "--no-ff", pull.sha or "FETCH_HEAD", env=dates))
        if not self.refs.skip_submodules:
            commands.append(self.git("submodule", "update", "--init", "--recursive"))
        return commands


def record_text(record: Record) -> str:
    """A record as people read it in clone-log.txt."""
    refs = record.refs
    lines = ["# FAILED\n"] if record.failed else []
    subject = f"# Cloning {refs.full_name} at {refs.base_ref}" if refs.repo else "Environment setup"
    lines.append(f"{subject}({refs.base_sha})\n" if refs.base_sha else f"{subject}\n")
    if refs.pulls:
        lines.append("# Checking out pulls:\n")
        lines += [f"#\t{pull.number}{f'({pull.sha})' if pull.sha else ''}\n" for pull in refs.pulls]
    for ran in record.commands:
        took = f" (runtime: {gotext.duration(ran.duration)})" if ran.duration else ""
        lines.append(f"$ {ran.command}{took}\n{ran.output}")
        if ran.error:
            lines.append(f"# Error: {ran.error}\n")
    lines.append(f"# Final SHA: {record.final_sha}\n# Total runtime: {gotext.duration(record.duration)}\n")
    return "".join(lines)
