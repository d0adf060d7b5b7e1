"""mergecommitblocker: a pull request that has merge commits is not merged.

Source: sigs.k8s.io/prow pkg/plugins/mergecommitblocker.
"""

from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.webhooks import PullRequestEvent
from functions.plugins.commits import commits_of
from functions.plugins.kit import Effect, Look, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.replies import simple
from functions.plugins.trust import has

MERGES = "do-not-merge/contains-merge-commits"
EXPLAINED = (
    f"Adding label `{MERGES}` because PR contains merge commits, which are not allowed in this repository.\n"
    "Use `git rebase` to reapply your commits on top of the target branch. Detailed instructions for doing so can be "
    "found [here](https://git.k8s.io/community/contributors/guide/github-workflow.md#4-keep-your-branch-in-sync)."
)

plugin = Plugin(
    "mergecommitblocker",
    about=f"Puts the {MERGES} label on pull requests that have merge commits.",
    effects=[AddComment, DeleteComment, Label],
    recomputes=True,
)


@plugin.on("pull_request", "opened", "reopened", "synchronize")
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """The label, and what it asks for, are there as long as the merge commits are."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
    merges = [commit for commit in await commits_of(look, subject) if len(commit.parents) > 1]
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    why = f"{merges[0].sha} is a merge" if merges else "it has no merge commits"
    label = Label(subject=subject, name=MERGES, present=bool(merges), why=why)
    if bool(merges) == has(labels, MERGES):
        return [label]
    if merges:
        return [label, AddComment(subject=subject, body=simple(EXPLAINED), why=why)]
    return [label, *await pruned(look, subject, EXPLAINED, why=why)]
