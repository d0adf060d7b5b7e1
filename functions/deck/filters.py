"""Which runs somebody wants to see, by the query of the address. Pure.

The names are upstream's, so that its links work. Source: sigs.k8s.io/prow cmd/deck/static/prow.
"""

import fnmatch
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import asdict

from functions.deck.runs import Run

LONGEST = 200
"""Characters of one filter that are read."""


class Filter(Struct, frozen=True, kw_only=True):
    """The wishes; an empty one is none. Names may be a part of what is looked for, or a pattern with `*` and `?`."""

    type: str = ""
    state: str = ""
    job: str = ""
    repo: str = ""
    pull: str = ""
    author: str = ""
    cluster: str = ""

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    def but(self, **changed: str) -> "Filter":
        return Filter(**(asdict(self) | changed))


def from_query(query: Mapping[str, str]) -> Filter:
    """The wishes of an address; what else stands there is passed over."""
    return Filter(**{name: query.get(name, "").strip()[:LONGEST] for name in Filter.__struct_fields__})


def chosen(runs: Iterable[Run], wanted: Filter, jobs: Collection[str] = ()) -> list[Run]:
    """The runs that fulfil every wish, in their order. The name of one of `jobs` means that job alone."""
    tests = [_TESTS[name](value) for name, value in asdict(wanted).items() if value and name != "job"]
    if wanted.job:
        is_job = (lambda name: name == wanted.job) if wanted.job in jobs else matcher(wanted.job)
        tests.append(lambda run: is_job(run.spec.job))
    return [run for run in runs if all(test(run) for test in tests)]


def matcher(wanted: str) -> Callable[[str], bool]:
    """Whether a name is meant: by a pattern that holds for all of it, else by a part of it, in either case."""
    if "*" in wanted or "?" in wanted:
        literal = wanted.lower().replace("[", "[[]")
        pattern = re.compile(fnmatch.translate(re.sub(r"\*+", "*", literal)))
        return lambda name: pattern.match(name.lower()) is not None
    part = wanted.lower()
    return lambda name: part in name.lower()


Test = Callable[[Run], bool]


def _is_type(wanted: str) -> Test:
    return lambda run: run.spec.type == wanted


def _is_state(wanted: str) -> Test:
    return lambda run: run.state == wanted


def _is_cluster(wanted: str) -> Test:
    return lambda run: (run.spec.cluster or "default") == wanted


def _is_repo(wanted: str) -> Test:
    matches = matcher(wanted)
    return lambda run: matches(run.repository)


def _is_pull(wanted: str) -> Test:
    number = wanted.lstrip("#")
    return lambda run: run.refs is not None and any(str(pull.number) == number for pull in run.refs.pulls)


def _is_author(wanted: str) -> Test:
    matches = matcher(wanted)
    return lambda run: run.refs is not None and any(matches(pull.author) for pull in run.refs.pulls)


_TESTS: Mapping[str, Callable[[str], Test]] = {
    "type": _is_type,
    "state": _is_state,
    "repo": _is_repo,
    "pull": _is_pull,
    "author": _is_author,
    "cluster": _is_cluster,
}
