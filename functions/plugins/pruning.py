"""Comments of ours that do not hold any more are deleted. Source: sigs.k8s.io/prow pkg/commentpruner."""

from cutwater.events.look import Look
from cutwater.github.effects import DeleteComment, Subject


async def pruned(look: Look, subject: Subject, *markers: str, why: str) -> list[DeleteComment]:
    """What removes each comment of ours that has one of these texts in it."""
    bot = await look.github.bot()
    return [
        DeleteComment(subject=subject, comment=comment.id, why=why)
        for comment in await look.github.comments(subject.org, subject.repo, subject.number)
        if bot.is_me(comment.user.login) and any(marker in comment.body for marker in markers)
    ]
