"""The edges of a function on a cluster or in a process of its own, from its environment.

| variable | what it says |
| --- | --- |
| CUTWATER_BROKER (or K_SINK) | where events are published |
| CUTWATER_STATE_BUCKET | the bucket of the ledger |
| CUTWATER_CONFIGURATION | the folder where the pointer to the compiled configuration is mounted |
| CUTWATER_CONFIG_PATH | without one: config.yaml, which is read itself |
| CUTWATER_JOB_CONFIG_PATH | the same: a file or folder of jobs |
| CUTWATER_PLUGIN_CONFIG | the same: plugins.yaml |
| CUTWATER_CONFIGURATION_SOURCES | what is compiled, and which pushes to it hook tells of (`cutwater.events.origin`) |
| CUTWATER_HMAC_FILE | the secrets of the webhooks, one or one for each repository (hook) |
| CUTWATER_EVENT_KEY_FILE | the key that hook signs its events with |
| CUTWATER_GITHUB_TOKEN_FILE | the bot's token |
| CUTWATER_GITHUB_APP_ID, CUTWATER_GITHUB_APP_KEY_FILE | instead of it: a GitHub App, and its private key |
| CUTWATER_GITHUB_PERMISSIONS | the most that its tokens are made for, `contents=read,issues=write` |
| CUTWATER_GITHUB_SHARES | how much of GitHub's limits a plugin or role may use: `*=0.5,tide=0.8` |
| CUTWATER_GITHUB_API, CUTWATER_GITHUB_GRAPHQL | GitHub's addresses, where they are not the public ones |
| CUTWATER_GITHUB_GIT | where git finds GitHub's repositories, where that is not https://github.com |
| TMPDIR | where tide keeps clones of them while it lives: commits and trees, a few hundred MB for a large one |
| CUTWATER_SLACK_TOKEN_FILE | Slack's token, for the host `*` |
| CUTWATER_ADDITIONAL_SLACK_TOKEN_FILES | `host=path`, with commas: Slack's tokens for other hosts |
| CUTWATER_SLACK_API | the address of chat.postMessage, where it is not the public one |
| CUTWATER_OUTGOING_SECRETS | the folder of the keys that messages are signed with, a file each |
| CUTWATER_PLUGIN_HELP | where deck asks hook for the help of the plugins: the whole address |
| CUTWATER_GITHUB_ENABLED_ORGS and three more | whose webhooks hook hands to plugins (`functions.hook.enablement`) |
| CUTWATER_KUBECONFIG | build clusters by context: files or folders, between colons; without it, the cluster we run in |
| CUTWATER_JENKINS | the file that says which Jenkins there are (`cutwater.jenkins.access` has its form) |
| CUTWATER_BUGZILLA | the address of Bugzilla, where there is one |
| CUTWATER_BUGZILLA_TOKEN_FILE | our key there |
| CUTWATER_BUGZILLA_AUTH | how it is shown: bearer, query, x-bugzilla-api-key; by default in both latter ways |
| CUTWATER_JIRA | the address of Jira, where there is one |
| CUTWATER_JIRA_TOKEN_FILE | our token there |
| CUTWATER_JIRA_USER, CUTWATER_JIRA_PASSWORD_FILE | instead of it: our name, and our password |
| CUTWATER_TOT_URL | the tot that counts builds; without it their ids come from the clock |
| CUTWATER_PACE | for tests: how long leases and grace times are, relative to production's |
| CUTWATER_CLUSTERS_WITHOUT_SOURCE | build clusters that do not tell us of their pods: plank looks every 15 s |
| CUTWATER_KEEP_DELIVERIES, CUTWATER_KEEP_RECEIPTS | days after which sinker deletes: 14 and 90 |
| CUTWATER_DECK_TENANTS, CUTWATER_DECK_HIDDEN | whose things deck shows (`functions.deck.audience` has their forms) |
| CUTWATER_DECK_EVENTS, CUTWATER_DECK_PASSWORD_FILE | `on`: deck shows the ledger; to who knows this password |
| AWS_… | boto3's own: keys, region, AWS_ENDPOINT_URL_S3 |
"""

import base64
import functools
import gc
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from cutwater.bugzilla.client import Bugzilla
from cutwater.config.configuration import Configuration
from cutwater.errors import Later, Refused
from cutwater.events import log
from cutwater.events.edges import Edges, utc_now
from cutwater.events.publish import HttpBroker
from cutwater.events.used import UsedTogether
from cutwater.git.remotes import PUBLIC, Remotes
from cutwater.git.stacks import Stacks
from cutwater.github.app import App
from cutwater.github.client import GitHub
from cutwater.github.etags import ETags
from cutwater.github.limits import Shares
from cutwater.github.permissions import permissions_of
from cutwater.jenkins import access
from cutwater.jira.client import Jira
from cutwater.kube import kubeconfigs
from cutwater.kube.client import Kube
from cutwater.kube.official import OfficialTransport
from cutwater.outgoing.client import CALL_SECONDS, SLACK, Outgoing, Unknown
from cutwater.outgoing.tot import Tot
from cutwater.outgoing.web import Web
from cutwater.storage.s3 import S3Store
from cutwater.storage.store import Store

PUBLIC_API = "https://api.github.com"
LONGEST_HELP = 16 * 1024 * 1024
"""Bytes of help that are read: a large installation's is below one million."""
GARBAGE = 50_000
"""How many new objects Python looks through for garbage at a time. What a start makes is kept: the usual 700 cost it a
twentieth.
"""


def prepare() -> None:
    """Make this process ready to serve a function."""
    log.to_stdout()
    gc.set_threshold(GARBAGE)


def edges() -> Edges:
    """The edges that this process's environment names. None is opened before it is used."""
    broker = HttpBroker(os.environ.get("CUTWATER_BROKER") or os.environ.get("K_SINK", ""))
    state = functools.cache(lambda: bucket(_required("CUTWATER_STATE_BUCKET")))
    github, outgoing = functools.cache(lambda: _github(state)), functools.cache(_outgoing)
    git = functools.cache(lambda: _git(github))
    return Edges(
        kube=lambda: _cluster(""),
        cluster=_cluster,
        clusters=_clusters,
        github=github,
        git=git,
        stacks=lambda: _stacks(git, state),
        jenkins=access.opener(os.environ.get("CUTWATER_JENKINS", "")),
        bugzilla=_bugzilla,
        jira=_jira,
        state=state,
        bucket=bucket,
        outgoing=outgoing,
        plugin_help=lambda: _plugin_help(outgoing()),
        web=_web,
        tot=_tot(),
        publish=broker.publish,
        configuration=_configuration(state),
        event_key=lambda: secret("CUTWATER_EVENT_KEY_FILE").encode(),
        pace=float(os.environ.get("CUTWATER_PACE", "1")),
        webhook_secret=lambda: _content(Path(_required("CUTWATER_HMAC_FILE")), "CUTWATER_HMAC_FILE"),
    )


def _configuration(state: Callable[[], Store]) -> Callable[[], Awaitable[Configuration]]:
    """The compiled configuration that the pointer names; without a pointer, that of the files."""
    pointer = _path("CUTWATER_CONFIGURATION")
    if pointer:
        from cutwater.events.compiled import CompiledConfiguration

        return CompiledConfiguration(pointer, state).current
    from cutwater.events.configuration import FileConfiguration, Files

    jobs = _path("CUTWATER_JOB_CONFIG_PATH")
    files = Files(
        config=Path(os.environ.get("CUTWATER_CONFIG_PATH", "/etc/config/config.yaml")),
        jobs=(jobs,) if jobs else (),
        plugins=_path("CUTWATER_PLUGIN_CONFIG"),
    )
    return FileConfiguration(files).current


def bucket(name: str) -> S3Store:
    """A bucket at the endpoint that boto3's own variables name."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return S3Store(name, **({"endpoint_url": endpoint} if endpoint else {}))


def secret(variable: str) -> str:
    """The content of the file that the variable names, without white space around it. Raises Refused."""
    return _content(Path(_required(variable)), variable).decode()


def slack_token(host: str) -> str:
    """Slack's token for a host; they are read anew each time. Raises Refused."""
    if host == "*":
        return secret("CUTWATER_SLACK_TOKEN_FILE")
    variable = "CUTWATER_ADDITIONAL_SLACK_TOKEN_FILES"
    for pair in os.environ.get(variable, "").split(","):
        name, _, path = pair.partition("=")
        if name == host:
            return _content(Path(path), variable).decode()
    raise Refused(f"host '{host}' not supported: {variable} has no token for it")


def _outgoing_secret(name: str) -> bytes:
    """The key of this name. Raises Refused."""
    variable = "CUTWATER_OUTGOING_SECRETS"
    return _content(Path(_required(variable)) / Path(name).name, variable)


def _content(path: Path, variable: str) -> bytes:
    """What a file holds, without white space around it. Files are read anew each time: a Secret may have changed."""
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise Refused(f"{variable} names {path}, which cannot be read: {error.strerror}") from error


def _web() -> Web:
    import httpx2

    return Web(lambda: httpx2.AsyncClient(timeout=CALL_SECONDS, headers={"user-agent": "cutwater"}))


def _bugzilla() -> Bugzilla:
    """Raises Refused where there is none."""
    import httpx2

    client = functools.partial(httpx2.AsyncClient, timeout=None)  # each call has its own
    address, way = _required("CUTWATER_BUGZILLA"), os.environ.get("CUTWATER_BUGZILLA_AUTH", "")
    return Bugzilla(client, address, bugzilla_key, way)


def bugzilla_key() -> str:
    """Our key; "" where there is none."""
    return secret("CUTWATER_BUGZILLA_TOKEN_FILE") if os.environ.get("CUTWATER_BUGZILLA_TOKEN_FILE") else ""


def _jira() -> Jira:
    """Raises Refused where there is none."""
    import httpx2

    client = functools.partial(httpx2.AsyncClient, timeout=None)  # each call has its own
    return Jira(client, _required("CUTWATER_JIRA"), jira_authorization)


def jira_authorization() -> str:
    """The header that says who we are; "" where nothing does."""
    if os.environ.get("CUTWATER_JIRA_TOKEN_FILE"):
        return f"Bearer {secret('CUTWATER_JIRA_TOKEN_FILE')}"
    user = os.environ.get("CUTWATER_JIRA_USER", "")
    if not user:
        return ""
    pair = f"{user}:{secret('CUTWATER_JIRA_PASSWORD_FILE')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _outgoing() -> Outgoing:
    def client() -> Any:
        import httpx2

        return httpx2.AsyncClient(timeout=CALL_SECONDS, follow_redirects=False)

    slack = os.environ.get("CUTWATER_SLACK_API") or SLACK
    return Outgoing(client, slack_token=slack_token, secret=_outgoing_secret, slack=slack)


async def _plugin_help(way: Outgoing) -> bytes:
    """What hook says of the plugins. Raises Refused and Later."""
    try:
        answer = await way.get(_required("CUTWATER_PLUGIN_HELP"), most=LONGEST_HELP)
    except Unknown as unknown:
        raise Later(str(unknown)) from unknown
    if answer.status != 200:
        raise Later(f"hook answers {answer.shown}")
    return answer.body


def _tot() -> Tot | None:
    address = os.environ.get("CUTWATER_TOT_URL", "")
    return Tot(address) if address else None


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable, "")
    return Path(value) if value else None


def _required(variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise Refused(f"{variable} is not set")
    return value


def _cluster(alias: str) -> Kube:
    """The API server of a build cluster; of the ProwJobs' own for the empty alias.

    `default` is our own cluster, unless a kubeconfig has a context of that name. Raises Refused where there is no such
    cluster, and Later where that cannot be said. Source: sigs.k8s.io/prow pkg/kube.
    """
    setting = os.environ.get("CUTWATER_KUBECONFIG", "")
    known = kubeconfigs.places(setting) if alias and setting else {}
    if alias in known:
        return Kube(OfficialTransport(known[alias], alias))
    if alias not in {"", "default"}:
        raise Refused(f'no build cluster "{alias}" is configured in CUTWATER_KUBECONFIG')
    if "KUBERNETES_SERVICE_HOST" in os.environ or not setting:
        return Kube(OfficialTransport())
    return Kube(OfficialTransport(kubeconfigs.files(setting)[0]))


def _clusters() -> Sequence[str]:
    """The aliases of all build clusters. Raises Later where they cannot be read."""
    setting = os.environ.get("CUTWATER_KUBECONFIG", "")
    return sorted({"default", *kubeconfigs.places(setting)})


def _github(state: Callable[[], Store]) -> GitHub:
    import httpx2

    api = os.environ.get("CUTWATER_GITHUB_API", PUBLIC_API)
    graphql = os.environ.get("CUTWATER_GITHUB_GRAPHQL", f"{PUBLIC_API}/graphql")
    has_certificate = api.startswith("https:")  # without one, whom to trust need not be read: 40 ms
    client: Any = httpx2.AsyncClient(timeout=15, follow_redirects=has_certificate, verify=has_certificate)
    has_state = "CUTWATER_STATE_BUCKET" in os.environ
    return GitHub(
        client,
        _github_app() or _github_token,
        api=api,
        graphql_api=graphql,
        etags=ETags(state) if has_state else None,
        shares=Shares.of(os.environ.get("CUTWATER_GITHUB_SHARES", "")),
        sums=UsedTogether(state) if has_state else None,
    )


def _git(github: Callable[[], GitHub]) -> Remotes:
    async def token(org: str, repo: str) -> str:
        return await github().token(org, repo)

    return Remotes(os.environ.get("CUTWATER_GITHUB_GIT") or PUBLIC, token)


def _stacks(git: Callable[[], Remotes], state: Callable[[], Store]) -> Stacks:
    from cutwater.git.clones import Clones

    return Clones(git(), state)


def _github_app() -> App | None:
    """The App that we are, where we are one."""
    app_id = os.environ.get("CUTWATER_GITHUB_APP_ID", "")
    limit = permissions_of(os.environ.get("CUTWATER_GITHUB_PERMISSIONS", ""))
    key = functools.partial(secret, "CUTWATER_GITHUB_APP_KEY_FILE")
    return App(app_id, key, clock=utc_now, limit=limit or None) if app_id else None


async def _github_token(place: str) -> str:
    return secret("CUTWATER_GITHUB_TOKEN_FILE")
