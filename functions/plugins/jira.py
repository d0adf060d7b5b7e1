"""jira: issues of Jira that are named on GitHub link to where they are named, and their names become links there.

Source: sigs.k8s.io/prow pkg/plugins/jira.
"""

import re
from collections.abc import Iterable, Sequence

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import compiled
from cutwater.config.sections import Jira
from cutwater.errors import Refused
from cutwater.github.edits import SetBody
from cutwater.github.effects import EditComment
from cutwater.jira.effects import LinkIssue
from functions.plugins.kit import Effect, Look, Plugin, Text

KEYS = r"\b([a-zA-Z]+-[0-9]+)(\s|:|$|]|\))"
MOST_KEYS = 50
"""Jira is asked for so many of a text: anybody can write thousands."""
FENCE, INDENT = "```", "    "
REVIEW_COMMENT = "#discussion_r"
"""In the address of a comment on code: its number is none of an issue's comments."""

plugin = Plugin(
    "jira",
    about="Links issues of Jira, and what names them on GitHub, to each other.",
    effects=[EditComment, LinkIssue, SetBody],
)


@plugin.on_text(lambda text, config: text.action != "deleted" and bool(_named(text, config)))
async def decide(text: Text, look: Look) -> Sequence[Effect[object]]:
    """A link on each issue that there is, and in the text where it names them. Raises Refused and Later."""
    projects = {project.lower() for project in await look.jira.projects()}
    named = [key for key in _named(text, look.config) if key.partition("-")[0].lower() in projects]
    keys = [key for key in named[:MOST_KEYS] if await _is_there(look, key)]
    subject = text.subject
    title = f"{subject.org}/{subject.repo}#{subject.number}: {text.issue_title}"
    url = text.url.partition("#")[0]
    links = [LinkIssue(key=key, url=url, title=title, why=f"{key} is named in {text.url}") for key in keys]
    return [*links, *await _with_links(text, look, keys)]


def _named(text: Text, config: Configuration) -> list[str]:
    """What may be keys of issues, each once."""
    disabled = tuple(name.lower() for name in config.plugins.section("jira", Jira).disabled_jira_projects)
    found = (match.group(1) for where in (text.body, text.issue_title) for match in compiled(KEYS).finditer(where))
    return [key for key in dict.fromkeys(found) if not key.lower().startswith(disabled)]


async def _is_there(look: Look, key: str) -> bool:
    """Whether there is such an issue. One that Jira does not show us is none."""
    try:
        return await look.jira.has_issue(key)
    except Refused:
        return False


async def _with_links(text: Text, look: Look, keys: Sequence[str]) -> Sequence[Effect[object]]:
    """The text with links in it, where that is another. Comments on code stay as they are."""
    address = look.jira.address
    body, why = linked(text.body, keys, address), "what it names has an address"
    if body == text.body or REVIEW_COMMENT in text.url:
        return []
    if text.comment_id is not None:
        return [EditComment(subject=text.subject, comment=text.comment_id, body=body, why=why)]
    issue = await look.github.issue(text.subject.org, text.subject.repo, text.subject.number)
    if issue is None or linked(issue.body, keys, address) == issue.body:
        return []
    return [SetBody(subject=text.subject, body=linked(issue.body, keys, address), why=why)]


def linked(body: str, keys: Iterable[str], address: str) -> str:
    """A text in which keys are links, but for its code, its links and its longer words."""
    patterns = {key: re.compile(rf"(?<![\[/`\-A-Za-z0-9]){re.escape(key)}(?![A-Za-z0-9])") for key in keys}
    is_code, lines = False, []
    for line in body.split("\n"):
        is_code ^= line.startswith(FENCE)
        if not is_code and not line.startswith(INDENT):
            for key, pattern in patterns.items():
                line = pattern.sub(f"[{key}]({address}/browse/{key})", line)
        lines.append(line)
    return "\n".join(lines)
