"""The cloning of one repository, command by command, and of all of them."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import msgspec

from cutwater.podutils import clone, gotext
from cutwater.podutils.censor import Censor, forms_of
from cutwater.podutils.clone import Checkout, Command, Ran, Record
from cutwater.podutils.clonerefs.access import TEMPORARY, Access, Setup, SetupFailed
from cutwater.podutils.clonerefs.shell import Ended, Shell
from cutwater.podutils.gotext import refusal
from cutwater.podutils.log import Log
from cutwater.podutils.options import CloneOptions
from cutwater.prowjob.types import Refs


class _Failed(Exception):
    """A command failed: what follows it in its repository is not run."""


class Cloning:
    """The cloning of one repository."""

    def __init__(
        self, refs: Refs, chosen: CloneOptions, access: Access, shell: Shell, log: Log, *, tree: str = ""
    ) -> None:
        self._refs, self._tree = refs, tree
        self._chosen = chosen
        self._access = access
        self._shell = shell
        self._log = log
        self._token = ""
        self._ran: list[Ran] = []

    def run(self) -> Record:
        """Never raises: what fails is in the record."""
        began = self._shell.clock()
        try:
            checkout = self._checkout()
            chosen = self._chosen
            self._all(
                checkout.base(
                    git_user_name=chosen.git_user_name,
                    git_user_email=chosen.git_user_email,
                    cookie_path=chosen.cookie_path,
                )
            )
            self._all(checkout.pulls(self._base_time(checkout)))
            self._check_tree(checkout)
        except _Failed:
            return Record(refs=self._refs, commands=tuple(self._ran), failed=True)
        head = self._once(checkout.head())
        if head.error:
            self._log.warning("Cannot resolve the final commit", repo=self._refs.full_name, error=head.error)
        return Record(
            refs=self._refs,
            commands=tuple(self._ran),
            final_sha="" if head.error else head.output.strip(),
            duration=self._shell.clock() - began,
        )

    def _checkout(self) -> Checkout:
        refs = self._refs
        try:
            self._token = self._access.token(refs.org)
        except RuntimeError as error:
            self._ran.append(Ran(command=f"github: token for {refs.org}", error=str(error)))
            raise _Failed from error
        return Checkout(
            refs=refs,
            dir=clone.directory(self._chosen.src_root, refs),
            uri=clone.uri(refs, user=self._access.user, token=self._token),
            env=self._access.env,
        )

    def _check_tree(self, checkout: Checkout) -> None:
        """What is tested must be what will be merged: a test of anything else would be counted for it."""
        if not self._tree:
            return
        command = checkout.tree()
        ended = self._once(command)
        found = ended.output.strip()
        if ended.error or found != self._tree:
            error = (
                ended.error
                or f"the pull requests give another tree here than where they were put together: {self._tree}"
            )
            self._ran.append(Ran(command=str(command), output=ended.output, error=error))
            self._log.error("This is not what was to be tested", found=found, wanted=self._tree)
            raise _Failed

    def _all(self, commands: Sequence[Command]) -> None:
        for command in commands:
            began = self._shell.clock()
            ended = self._once(command)
            for wait in command.retries_ms:
                if not ended.error:
                    break
                self._log.info("Retrying after sleep", sleep_ms=wait, command=self._censored(str(command)))
                self._shell.sleep(wait / 1000)
                ended = self._once(command)
            ran = Ran(
                command=self._censored(str(command)),
                output=self._censored(ended.output),
                error=self._censored(ended.error),
                duration=self._shell.clock() - began,
            )
            self._ran.append(ran)
            self._log.info("Ran command", command=ran.command, output=ran.output, error=ran.error)
            if ended.error:
                raise _Failed

    def _once(self, command: Command) -> Ended:
        return self._shell.run(command.argv, directory=command.dir, env=command.env)

    def _base_time(self, checkout: Checkout) -> int:
        ended = self._once(checkout.base_time())
        try:
            return gotext.whole_number(ended.output.strip()) if not ended.error else int(time.time())
        except ValueError:
            return int(time.time())

    def _censored(self, text: str) -> str:
        """Without what gives access: a token is found in addresses, too, where it is escaped."""
        censor = Censor(forms_of(self._access.secrets))
        text = (censor.feed(text.encode()) + censor.end()).decode("utf-8", "replace")
        for token in {self._token, quote(self._token, safe="$&+,;=")} - {""}:
            text = text.replace(token, "CENSORED")
        return text


def records(chosen: CloneOptions, shell: Shell, log: Log, *, temporary: Path = Path(TEMPORARY)) -> list[Record]:
    """Clone everything. The first record is of the preparations; the others stand in the order of their ends."""
    setup = Setup(chosen, shell, log, temporary=temporary)
    nowhere = Refs(org="", repo="")
    try:
        access = setup.prepare()
    except SetupFailed as error:
        log.error("Failed to prepare the cloning", error=str(error))
        return [Record(refs=nowhere, commands=tuple(setup.ran), failed=True)]
    workers = chosen.max_parallel_workers if chosen.max_parallel_workers > 0 else len(chosen.refs)
    done = [Record(refs=nowhere, commands=tuple(setup.ran))]
    with ThreadPoolExecutor(workers) as pool:
        trees = [chosen.tree, *("" for _ in chosen.refs[1:])]
        clonings = [
            Cloning(refs, chosen, access, shell, log, tree=tree) for refs, tree in zip(chosen.refs, trees, strict=True)
        ]
        list(pool.map(lambda cloning: done.append(cloning.run()), clonings))
    return done


def run(chosen: CloneOptions, shell: Shell, log: Log, *, temporary: Path = Path(TEMPORARY)) -> None:
    """Clone everything and write the records. Raises RuntimeError where that cannot be, or where `fail` asks for it."""
    done = records(chosen, shell, log, temporary=temporary)
    try:
        handle = os.open(chosen.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o755)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(done))
    except OSError as error:
        raise RuntimeError(f"write clone records: {refusal('open', error, chosen.log)}") from error
    failed = sum(record.failed for record in done)
    if chosen.fail and failed:
        raise RuntimeError(f"{failed} clone records failed")
