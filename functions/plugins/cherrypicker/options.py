"""How cherry-picks are made here: upstream's flags, as the environment of all functions gives them.

| variable | upstream's flag | without it |
| --- | --- | --- |
| CUTWATER_CHERRYPICKER_LABELS | --labels, with commas | none |
| CUTWATER_CHERRYPICKER_USE_PROW_ASSIGNMENTS | --use-prow-assignments | true |
| CUTWATER_CHERRYPICKER_ALLOW_ALL | --allow-all | false |
| CUTWATER_CHERRYPICKER_CREATE_ISSUE_ON_CONFLICT | --create-issue-on-conflict | false |
| CUTWATER_CHERRYPICKER_LABEL_PREFIX | --label-prefix | cherrypick/ |
"""

import os
from collections.abc import Mapping

from msgspec import Struct

from cutwater.errors import Refused

PREFIX = "CUTWATER_CHERRYPICKER_"
TRUTHS = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}


class Options(Struct, frozen=True, kw_only=True):
    """`labels`: what each new pull request gets. `assigns`: it is assigned to whoever asked for it.

    `allows_all`: anybody may ask, not members alone. `opens_issues`: for a conflict there is an issue. `label_prefix`:
    by labels that begin so a branch is asked for.
    """

    labels: tuple[str, ...] = ()
    assigns: bool = True
    allows_all: bool = False
    opens_issues: bool = False
    label_prefix: str = "cherrypick/"


def options(environment: Mapping[str, str] = os.environ) -> Options:
    """What the environment says. Raises Refused for what is neither true nor false."""
    labels = environment.get(f"{PREFIX}LABELS", "").split(",")
    return Options(
        labels=tuple(label for part in labels if (label := part.strip())),
        assigns=_truth(environment, "USE_PROW_ASSIGNMENTS", Options().assigns),
        allows_all=_truth(environment, "ALLOW_ALL", Options().allows_all),
        opens_issues=_truth(environment, "CREATE_ISSUE_ON_CONFLICT", Options().opens_issues),
        label_prefix=environment.get(f"{PREFIX}LABEL_PREFIX") or Options().label_prefix,
    )


def _truth(environment: Mapping[str, str], name: str, usual: bool) -> bool:
    said = environment.get(PREFIX + name, "")
    if not said:
        return usual
    try:
        return TRUTHS[said.lower()]
    except KeyError:
        raise Refused(f'{PREFIX}{name}: "{said}" is neither true nor false') from None
