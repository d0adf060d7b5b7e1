"""Which Jenkins there are, and how each is entered: the file that an operator writes beside the configuration.

    - jenkins-url: https://jenkins.example.com
      jenkins-user: prow
      jenkins-token-file: /etc/jenkins/token

One entry for each entry of `jenkins_operators`, with the same `label-selector`. Names are those of upstream's flags.
Source: sigs.k8s.io/prow cmd/jenkins-operator (main.go).
"""

import base64
import functools
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cutwater.jenkins.client import CALL_SECONDS, Jenkins
from cutwater.jenkins.errors import Denied


class Access(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """One Jenkins. Files are read when they are needed: a token may be changed while we run."""

    jenkins_url: str
    label_selector: str = ""
    jenkins_user: str = "jenkins-trigger"
    jenkins_token_file: str = ""
    jenkins_bearer_token_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    ca_cert_file: str = ""

    def __post_init__(self) -> None:
        if urlsplit(self.jenkins_url).scheme not in {"http", "https"}:
            raise ValueError(f'invalid jenkins-url URI: "{self.jenkins_url}"')
        if not self.jenkins_token_file and not self.jenkins_bearer_token_file:
            raise ValueError("either jenkins-token-file or jenkins-bearer-token-file must be set")
        if self.jenkins_token_file and self.jenkins_bearer_token_file:
            raise ValueError("only one of jenkins-token-file or jenkins-bearer-token-file can be set")
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("either cert-file and key-file must both be provided or none of them must be provided")

    def authorization(self) -> str:
        """The header that says who we are. Raises Denied where its file cannot be read."""
        if self.jenkins_bearer_token_file:
            return f"Bearer {_secret(self.jenkins_bearer_token_file)}"
        pair = f"{self.jenkins_user}:{_secret(self.jenkins_token_file)}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def tls(self) -> ssl.SSLContext | bool:
        """Whom to trust, and who we are, on the way there. Raises Denied where a file cannot be used."""
        if urlsplit(self.jenkins_url).scheme == "http":
            return False  # whom to trust need not be read: 40 ms
        if not self.ca_cert_file and not self.cert_file:
            return True
        try:
            context = ssl.create_default_context(cafile=self.ca_cert_file or None)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file)
        except OSError as error:
            raise Denied(f"the certificates for {self.jenkins_url} cannot be used: {error}") from error
        return context


def read(body: bytes) -> list[Access]:
    """The entries of the file. Raises ValueError."""
    import yaml

    try:
        entries = msgspec.convert(yaml.safe_load(body) or [], list[Access])
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ValueError(str(error)) from error
    selectors = [entry.label_selector for entry in entries]
    if len(set(selectors)) < len(selectors):
        raise ValueError("two entries have the same label-selector")
    return entries


def opener(path: str, client: Callable[[Access], Any] | None = None) -> Callable[[str], Jenkins]:
    """What finds a Jenkins by its operator's label selector. Raises Denied where the file is no good, or names none.

    A file with one entry, without a selector, has it for every operator. `client` makes an `httpx2.AsyncClient`.
    """

    @functools.cache
    def entries() -> dict[str, Access]:
        try:
            found = read(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise Denied(f"{path} cannot be used: {error}") from error
        return {entry.label_selector: entry for entry in found}

    def find(selector: str) -> Jenkins:
        if not path:
            raise Denied("no Jenkins is set up (CUTWATER_JENKINS is not set)")
        entry = entries().get(selector) or entries().get("")
        if entry is None:
            raise Denied(f'{path} has no Jenkins with label-selector "{selector}"')
        return Jenkins((client or _client)(entry), entry.jenkins_url, entry.authorization)

    return find


def _client(access: Access) -> Any:
    import httpx2

    return httpx2.AsyncClient(timeout=CALL_SECONDS, verify=access.tls())


def _secret(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise Denied(f"{path} cannot be read: {error.strerror}") from error
