"""With whose rights the code is read, and what is done for them before anything is cloned."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cutwater.podutils.clone import Ran
from cutwater.podutils.clonerefs.github_app import USER, GitHubApp
from cutwater.podutils.clonerefs.shell import Ended, Shell
from cutwater.podutils.gotext import quoted, refusal
from cutwater.podutils.log import Log
from cutwater.podutils.options import CloneOptions

TEMPORARY = "/tmp"  # noqa: S108 - a volume of this container's own


class Access(NamedTuple):
    """With what rights the code is read: variables of every command, and tokens by organisation."""

    env: tuple[str, ...] = ()
    user: str = ""
    token: Callable[[str], str] = lambda _org: ""
    secrets: tuple[bytes, ...] = ()


class SetupFailed(Exception):
    """The preparations did not succeed: nothing is cloned. The commands so far are kept in the record."""


class Setup:
    """The preparations, and what was run for them."""

    def __init__(self, chosen: CloneOptions, shell: Shell, log: Log, *, temporary: Path = Path(TEMPORARY)) -> None:
        self.ran: list[Ran] = []
        self._chosen = chosen
        self._shell = shell
        self._log = log
        self._temporary = temporary

    def prepare(self) -> Access:
        """Raises SetupFailed."""
        chosen = self._chosen
        env = [*self._ssh_keys(), *self._fingerprints()]
        access = Access(env=tuple(env))
        if chosen.oauth_token_file:
            token = self._secret(chosen.oauth_token_file, "oauth key file")
            access = access._replace(token=lambda _org: token, secrets=(token.encode(),))
        if chosen.github_app_id and chosen.github_app_private_key_file:
            key = self._secret(chosen.github_app_private_key_file, "GitHub App private key file")
            app = GitHubApp(chosen.github_app_id, key, chosen.github_api_endpoints)
            access = access._replace(user=USER, token=app.token, secrets=(key.encode(),))
        self._cookies()
        return access

    def _note(self, command: str, ended: Ended) -> None:
        """Keep what was run. Raises SetupFailed where it failed."""
        self.ran.append(Ran(command=command, output=ended.output, error=ended.error))
        if ended.error:
            raise SetupFailed(f"{command}: {ended.error}")

    def _secret(self, path: str, what: str) -> str:
        try:
            return Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SetupFailed(f"Failed to read {what}: {error}") from error

    def _ssh_keys(self) -> list[str]:
        if not self._chosen.key_files:
            return []
        started = self._shell.run(["ssh-agent"], directory=None, env=())
        self._note("ssh-agent", started)
        parts = started.output.split(";")
        if len(parts) < 3:
            raise SetupFailed(f"ssh-agent does not say where it listens: {started.output}")
        env = [parts[0].strip(), parts[2].strip()]
        for path in self._chosen.key_files:
            for key in self._key_files(Path(path)):
                added = self._shell.run(["ssh-add", str(key)], directory=None, env=env)
                self._note(f"ssh-add {quoted(str(key))}", added)
        return env

    def _key_files(self, path: Path) -> list[Path]:
        """The file itself, or those in the folder that a secret is mounted as."""
        if path.name.startswith(".."):
            return []
        try:
            if path.is_symlink() or not path.is_dir():
                path.lstat()
                return [path]
            return [key for child in sorted(path.iterdir()) for key in self._key_files(child)]
        except OSError as error:
            raise SetupFailed(f"walking path {quoted(str(path))}: {error}") from error

    def _fingerprints(self) -> list[str]:
        if not self._chosen.host_fingerprints:
            return []
        if not self._temporary.exists():
            self._note(f"golang: create {quoted(TEMPORARY)}", _attempt("mkdir", TEMPORARY, self._temporary.mkdir))
        known_hosts = self._temporary / "known_hosts"

        def append() -> None:
            with known_hosts.open("a") as file:
                file.write("\n".join(self._chosen.host_fingerprints))

        self._note(f'golang: append "{TEMPORARY}/known_hosts"', _attempt("open", f"{TEMPORARY}/known_hosts", append))
        ssh = self._shell.which("ssh")
        missing = "" if ssh else 'exec: "ssh": executable file not found in $PATH'
        self._note("golang: lookup ssh path", Ended("", missing))
        return [f"GIT_SSH_COMMAND={ssh} -o UserKnownHostsFile={TEMPORARY}/known_hosts"]

    def _cookies(self) -> None:
        path = self._chosen.cookie_path
        if path and not Path(path).is_file():
            self._log.warning("Cannot read http cookiefile", path=path)
        if needs_global_cookies(self._chosen):
            argv = ["git", "config", "--global", "http.cookiefile", path]
            command = f"git config --global http.cookiefile {quoted(path)}"
            self._note(command, self._shell.run(argv, directory=None, env=()))


def _attempt(operation: str, path: str, act: Callable[[], object]) -> Ended:
    try:
        act()
    except OSError as error:
        return Ended("", refusal(operation, error, path))
    return Ended("")


def needs_global_cookies(chosen: CloneOptions) -> bool:
    """Whether git must know the cookies everywhere: submodules are fetched outside of the repository's own settings."""
    return bool(chosen.cookie_path) and any(not refs.skip_submodules for refs in chosen.refs)
