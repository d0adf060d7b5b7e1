"""Label selectors, as a configuration writes them: `master=a,!slow,arch in (arm64,amd64)`.

Source: k8s.io/apimachinery pkg/labels.
"""

import re
from collections.abc import Callable, Mapping

from cutwater.prowjob.labels import is_key, is_value

Selects = Callable[[Mapping[str, str]], bool]

_REQUIREMENT = re.compile(
    r"""\s*(?:
        (?P<absent>!)\s*(?P<without>[^\s!(),=<>]+)
      | (?P<key>[^\s!(),=<>]+)\s*(?:
            (?P<sets>in|notin)\s*\((?P<values>[^()]*)\)
          | (?P<equals>==|=|!=)\s*(?P<value>[^\s!(),=<>]*)
        )?
    )\s*(?:,(?=.)|$)""",
    re.VERBOSE,
)


def selector(text: str) -> Selects:
    """Whether labels are selected; an empty text selects all. Raises ValueError."""
    requirements: list[Selects] = []
    position = 0
    while position < len(text):
        found = _REQUIREMENT.match(text, position)
        if found is None:
            raise ValueError(f'"{text}" is no label selector: "{text[position:]}" cannot be understood')
        requirements.append(_requirement(text, found))
        position = found.end()
    return lambda labels: all(holds(labels) for holds in requirements)


def _requirement(text: str, found: re.Match[str]) -> Selects:
    key = found["without"] or found["key"]
    values = frozenset(value.strip() for value in (found["values"] or found["value"] or "").split(","))
    if not is_key(key):
        raise ValueError(f'"{text}" is no label selector: "{key}" is no name of a label')
    for value in sorted(values):
        if not is_value(value):
            raise ValueError(f'"{text}" is no label selector: "{value}" is no value of a label')
    if found["absent"]:
        return lambda labels: key not in labels
    match found["sets"] or found["equals"]:
        case None:
            return lambda labels: key in labels
        case "in" | "=" | "==":
            return lambda labels: key in labels and labels[key] in values
    return lambda labels: labels.get(key) not in values
