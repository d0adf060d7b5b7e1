"""help: an issue is marked as one that newcomers can take, and what that asks of it is said below it.

Source: sigs.k8s.io/prow pkg/plugins/help.
"""

from msgspec.structs import replace

from cutwater.config.configuration import Configuration
from cutwater.config.sections import Help
from cutwater.github.effects import AddComment, DeleteComment, Label
from functions.plugins.kit import ANYONE, Act, Command, Comment, Effect, Look, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.replies import reply
from functions.plugins.trust import has

HELP, FIRST = "help wanted", "good first issue"
NEEDS_HELP = "This request has been marked as needing help from a contributor."
FOR_NEWCOMERS = "This request has been marked as suitable for new contributors."
GUIDELINES = "https://git.k8s.io/community/contributors/guide/help-wanted.md"

plugin = Plugin(
    "help",
    about=f'Marks issues as "{HELP}" or "{FIRST}".',
    commands=[
        Command(name, about=about, who=ANYONE, on="issues", when="open", examples=(f"/{name}",))
        for name, about in (
            ("help", f'Puts the "{HELP}" label.'),
            ("remove-help", f'Takes the "{HELP}" label away, and "{FIRST}" with it.'),
            ("good-first-issue", f'Puts the "{FIRST}" label, and "{HELP}" with it.'),
            ("remove-good-first-issue", f'Takes the "{FIRST}" label away.'),
        )
    ],
    effects=[AddComment, DeleteComment, Label],
)


@plugin.on_command("help", "remove-help", "good-first-issue", "remove-good-first-issue")
async def decide(comment: Comment, look: Look, act: Act) -> None:
    """Raises Refused at the first label that a later command has set otherwise, and says nothing then."""
    for effect in await _effects(comment, look):
        await act(effect)


async def _effects(comment: Comment, look: Look) -> list[Effect[object]]:
    """The first rule that holds counts, and no other. Where none does, what was said is so, and is said again."""
    subject, said = comment.subject, {typed.name for typed in comment.all_typed}
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    needs_help, is_first = has(labels, HELP), has(labels, FIRST)
    if needs_help and "remove-help" in said:
        effects = await _without(comment, look, HELP, NEEDS_HELP)
        return effects + (await _without(comment, look, FIRST, FOR_NEWCOMERS) if is_first else [])
    if not is_first and "good-first-issue" in said:
        marked = [_label(comment, FIRST), _explained(comment, look.config, FOR_NEWCOMERS, "good-first-issue")]
        return marked if needs_help else [*marked, _label(comment, HELP)]
    if not needs_help and "help" in said:
        return [_label(comment, HELP), _explained(comment, look.config, NEEDS_HELP, "help")]
    if is_first and "remove-good-first-issue" in said:
        return await _without(comment, look, FIRST, FOR_NEWCOMERS)
    meant = {"help": (HELP, True), "good-first-issue": (FIRST, True)}
    meant |= {f"remove-{name}": (label, False) for name, (label, _) in meant.items()}
    return [_label(comment, label, present=present) for name, (label, present) in meant.items() if name in said]


def _label(comment: Comment, name: str, *, present: bool = True) -> Effect[object]:
    return Label(subject=comment.subject, name=name, present=present, why=comment.why)


async def _without(comment: Comment, look: Look, label: str, marker: str) -> list[Effect[object]]:
    """The label goes, and what was said when it came."""
    explained = await pruned(look, comment.subject, marker, why=f'the label "{label}" has gone')
    return [_label(comment, label, present=False), *explained]


def _explained(comment: Comment, config: Configuration, marker: str, command: str) -> Effect[object]:
    """What the label asks of the issue. The answer is about the issue, not about the comment."""
    settings = config.plugins.section("help", Help)
    url = settings.help_guidelines_url or GUIDELINES
    url += "#good-first-issue" if command == "good-first-issue" else ""
    asked = f"Please ensure the request meets the requirements listed [here]({url})."
    if settings.help_guidelines_summary:
        asked = (
            f"### Guidelines\n{settings.help_guidelines_summary}\n\n"
            f"For more details on the requirements of such an issue, please see [here]({url}) "
            "and ensure that they are met."
        )
    message = (
        f"\n\t{marker}\n\n{asked}\n\nIf this request no longer meets these requirements, the label can be removed\n"
        f"by commenting with the `/remove-{command}` command.\n"
    )
    about_issue = replace(comment.text, url=comment.text.issue_url)
    return AddComment(subject=comment.subject, body=reply(about_issue, message), why=comment.why)
