"""What cherrypicker writes. The first line of a new pull request's text is read by other plugins: keep it exact."""

from collections.abc import Iterable, Sequence

from cutwater.config.patterns import compiled

NOTE = r"(?s)(?:Release note\*\*:\s*(?:<!--[^<>]*-->\s*)?```(?:release-note)?|```release-note)(.+?)```"
KIND = "kind/"
NO_PATCH = (
    "Failed to get PR patch from GitHub. This PR will need to be manually cherrypicked.\n"
    "<details><summary>Error message</summary>{words}</details>"
)
NOT_MEMBER = (
    "only [{org}](https://github.com/orgs/{org}/people) org members may request cherry picks. If you are already part "
    "of the org, make sure to [change](https://github.com/orgs/{org}/people?query={login}) your membership to public. "
    "Otherwise you can still do the cherry-pick manually. "
)
UNMERGED = "cannot cherry-pick an unmerged PR"
ON_ITS_BASE = "I cannot cherry-pick the present PR on top of its base branch (`{base}`)."
SAME = "base branch ({base}) needs to differ from target branch ({base})"
BY_LABEL = "In response to a cherrypick label: "


def promise(targets: Iterable[str], *, base: str, asks_base: bool) -> str:
    """What will be done when it is merged. `asks_base`: its own base branch was asked for, too."""
    branches = [f"`{target}`" for target in sorted(targets)]
    one = len(branches) == 1
    what = "in a new PR and assign it to you." if one else "in new PRs and assign them to you."
    text = f"once the present PR merges, I will cherry-pick it on top of {', '.join(branches)} {what}"
    if asks_base:
        text += f" I cannot cherry-pick it on top of `{base}` because that is already its base branch."
    return text


def promise_to(login: str, target: str) -> str:
    """The same, in answer to a label."""
    return f"@{login} {promise([target], base='', asks_base=False)}"


def title_of(title: str, *, target: str, base: str) -> str:
    """The title for another branch; the branch that the pull request itself was picked for goes."""
    return f"[{target}] " + title.replace(f"[{base}] ", "", 1)


def body_of(number: int, *, requester: str, parent: str, chain: Sequence[str], labels: Iterable[str]) -> str:
    """The text of a new pull request; what it holds is carried out by other plugins, and when it is merged by this one.

    `requester` is empty where nobody is to be assigned; `parent` is the text of the pull request that is picked.
    """
    parts = [f"This is an automated cherry-pick of #{number}"]
    parts += [f"/assign {requester}"] if requester else []
    note = compiled(NOTE).search(parent)
    parts += [f"```release-note\n{note.group(1).strip()}\n```"] if note else []
    parts += [f"/cherrypick {' '.join(chain)}"] if chain else []
    kinds = {label.removeprefix(KIND) for label in labels if label.startswith(KIND)} - {""}
    parts += ["\n".join(f"/kind {kind}" for kind in sorted(kinds))] if kinds else []
    return "\n\n".join(parts)


def conflict(number: int, target: str, words: str) -> str:
    """Why it could not be done, in git's words."""
    return f'#{number} failed to apply on top of branch "{target}":\n```\n{words}\n```'
