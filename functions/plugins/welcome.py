"""welcome: who opens a first pull request is greeted.

Source: sigs.k8s.io/prow pkg/plugins/welcome.
"""

from urllib.parse import quote_plus

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.config.sections import Welcome
from cutwater.errors import Refused
from cutwater.github.effects import AddComment, Subject
from cutwater.github.types import PullRequest
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins import trust
from functions.plugins.kit import Effect, Look, Plugin

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "+": "&#43;"})
DEFAULT = "Welcome @{{.AuthorLogin}}! It looks like this is your first PR to {{.Org}}/{{.Repo}} 🎉"

plugin = Plugin(
    "welcome",
    about="Greets those who open their first pull request to a repository.",
    effects=[AddComment],
)


class Newcomer(Struct, frozen=True, kw_only=True):
    """What a greeting may name. GitHub tells an author's name seldom."""

    org: str
    repo: str
    author_login: str
    author_name: str


def settings_for(config: Configuration, org: str, repo: str) -> Welcome:
    """The first entry that names the repository, else the first that names its organisation."""
    entries = config.plugins.section("welcome", tuple[Welcome, ...]) or ()
    for name in (f"{org}/{repo}", org):
        for entry in entries:
            if name in entry.repos:
                return entry
    return Welcome()


def _is_by_a_person(hook: Webhook, config: Configuration) -> bool:
    return hook.read(PullRequestEvent).pull_request.user.type == "User"


@plugin.on("pull_request", "opened", wants=_is_by_a_person)
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """A greeting for strangers who have no other pull request here, or for everybody."""
    pull = event.pull_request
    subject = Subject(event.repository.owner.login, event.repository.name, pull.number)
    settings = settings_for(look.config, subject.org, subject.repo)
    if not settings.always_post:
        trigger = trust.settings_for(look.config, subject.org, subject.repo)
        if await trust.is_trusted(look, trigger, pull.user.login, subject.org, subject.repo):
            return []
        if await _has_others(look, subject, pull.user.login):
            return []
    greeting = greeting_of(settings, subject, pull)
    return [AddComment(subject=subject, body=greeting, why=f"{pull.user.login} is new here")]


async def _has_others(look: Look, subject: Subject, login: str) -> bool:
    """Whether somebody has opened further pull requests. GitHub's search need not know of this one yet."""
    query = quote_plus(f"is:pr repo:{subject.org}/{subject.repo} author:{login}")
    found = await look.github.get(f"/search/issues?q={query}&per_page=2", org=subject.org)
    return any(one["number"] != subject.number for one in (found or {}).get("items") or ())


def greeting_of(settings: Welcome, subject: Subject, pull: PullRequest) -> str:
    """The greeting. Raises Refused for a template that cannot be read, or names what there is not."""
    from cutwater.config.template import TemplateError, parse

    newcomer = Newcomer(
        org=subject.org, repo=subject.repo, author_login=pull.user.login, author_name=_as_text(pull.user.name)
    )
    try:
        return parse(settings.message_template or DEFAULT).render(newcomer)
    except TemplateError as error:
        raise Refused(f"the greeting in `welcome` cannot be made: {error}") from error


def _as_text(name: str) -> str:
    """A name in which nothing is HTML: people choose it themselves."""
    return name.translate(_ESCAPED)
