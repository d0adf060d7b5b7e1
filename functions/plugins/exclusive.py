"""Labels of which an issue has one at most: `stage/alpha`, `lifecycle/stale`.

Source: sigs.k8s.io/prow pkg/plugins/stage and lifecycle.
"""

from collections.abc import Iterable, Sequence

from cutwater.github.effects import Label, Subject
from functions.plugins.trust import has


def chosen(
    wanted: Iterable[tuple[str, bool]], labels: Sequence[str], family: Sequence[str], *, subject: Subject, why: str
) -> list[Label]:
    """What makes the issue say what was asked for, one after the other.

    `wanted`: labels, each to be there or not. `labels`: those of the issue. A new one of the family takes the place
    of all others; one that is there already leaves them as they are. Also what holds already is among it, so that an
    older event that comes late finds it said.
    """
    held = list(labels)
    effects = []
    for name, is_present in wanted:
        if is_present:
            is_new = not has(held, name)
            others = [other for other in family if other != name and (is_new or not has(held, other))]
            effects += [Label(subject=subject, name=other, present=False, why=why) for other in others]
            held = [one for one in held if not has(others, one)]
        effects.append(Label(subject=subject, name=name, present=is_present, why=why))
        held = [one for one in held if not has([name], one)] + ([name] if is_present else [])
    return effects
