"""sigmention: who mentions a team of a special interest group has its label put on the issue.

Source: sigs.k8s.io/prow pkg/plugins/sigmention.
"""

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import compiled, matches
from cutwater.config.sections import SigMention
from cutwater.github.effects import AddComment, Label
from functions.plugins.kit import Effect, Look, Plugin, Text
from functions.plugins.replies import reply
from functions.plugins.repository_labels import labels_of_repository

DEFAULT = (
    r"(?m)@kubernetes/sig-([\w-]*)-"
    r"(misc|test-failures|bugs|feature-requests|proposals|pr-reviews|api-reviews)"
)
KINDS = {
    "bugs": "kind/bug",
    "feature-requests": "kind/feature",
    "api-reviews": "kind/api-change",
    "proposals": "kind/design",
}

plugin = Plugin(
    "sigmention",
    about="Labels an issue by the teams that are mentioned, and mentions them again for a stranger.",
    effects=[AddComment, Label],
)


def _mentions(config: Configuration) -> str:
    return config.plugins.section("sigmention", SigMention).regexp or DEFAULT


@plugin.on_text(lambda text, config: text.action == "created" and matches(_mentions(config), text.body))
async def decide(text: Text, look: Look) -> list[Effect[object]]:
    """The labels of the teams that the repository knows, and of what they are told of."""
    if (await look.github.bot()).is_me(text.author.login):
        return []
    subject, effects, repeated = text.subject, list[Effect[object]](), []
    known = await labels_of_repository(look, subject)
    for found in compiled(_mentions(look.config)).finditer(text.body):
        sig, *kinds = found.groups()
        label = known.get(f"sig/{sig or ''}".lower())
        if label is None:
            continue
        for name in (label, *(KINDS[kind] for kind in kinds[:1] if kind in KINDS)):
            effects.append(Label(subject=subject, name=name, present=True, why=f"{found.group(0)} was mentioned"))
        repeated.append(found.group(0))
    if repeated and not await look.github.is_member(subject.org, text.author.login):
        message = f"Reiterating the mentions to trigger a notification: \n{', '.join(repeated)}\n"
        effects.append(
            AddComment(subject=subject, body=reply(text, message), why="GitHub tells nobody of a stranger's")
        )
    return effects
