"""The code under test, out of working copies: cloned to where the job's pod has it."""

from collections.abc import Mapping
from getpass import getuser
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cutwater.config.jobs import Periodic, Postsubmit, Presubmit
from cutwater.config.listing import Listed
from cutwater.config.specs import periodic_spec, postsubmit_spec, presubmit_spec
from cutwater.podutils.clone import Record, directory
from cutwater.podutils.containers import CODE
from cutwater.prowjob.types import ProwJobSpec, Pull, Refs
from infra.local.working_copy import WorkingCopy

ROOT = CODE["mountPath"]


class NoCode(Exception):
    """A repository that the job needs has no working copy; the message says which flag names one."""


class Sources(Struct, frozen=True, kw_only=True):
    """The working copies. `own` is the one at hand, `others` are by `org/repo`.

    `branch`: the branch that the job's own repository is tested for, "" for the one that `own` suggests.
    """

    own: WorkingCopy | None
    others: Mapping[str, WorkingCopy]
    branch: str = ""
    pull_number: int = 0


def spec_of(wanted: Listed, sources: Sources) -> ProwJobSpec:
    """The job for the code at hand, its commits not filled in. Raises NoCode."""
    if isinstance(wanted.job, Periodic):
        return periodic_spec(wanted.job)
    org, _, repo = wanted.repository.partition("/")
    own = sources.others.get(wanted.repository) or sources.own
    if own is None:
        raise NoCode(f"{wanted.title} needs a working copy of {wanted.repository}: go there, or say --repo DIR")
    if isinstance(wanted.job, Postsubmit):
        branch = sources.branch or own.branch or own.shared_branch
        return postsubmit_spec(wanted.job, Refs(org=org, repo=repo, base_ref=branch))
    assert isinstance(wanted.job, Presubmit)
    pull = Pull(number=sources.pull_number, author=getuser(), sha=own.head, title=own.subject, head_ref=own.branch)
    return presubmit_spec(
        wanted.job, Refs(org=org, repo=repo, base_ref=sources.branch or own.shared_branch, pulls=(pull,))
    )


def cloned(spec: ProwJobSpec, sources: Sources, volume: Path) -> tuple[ProwJobSpec, list[Record]]:
    """Clone all that the job needs into the volume `code`: the spec with the commits, and what clonerefs would note.

    Raises NoCode, and NotUsable for a working copy that git cannot clone.
    """
    records: list[Record] = []

    def fetched(refs: Refs, copy: WorkingCopy) -> Refs:
        place = volume / Path(directory(ROOT, refs)).relative_to(ROOT)
        found = copy.clone(place, refs.base_ref or copy.shared_branch, is_pull_request=bool(refs.pulls))
        pulls = tuple(replace(pull, sha=found.tip) for pull in refs.pulls)
        at_commit = replace(refs, base_sha=found.base, pulls=pulls)
        records.append(Record(refs=at_commit, final_sha=found.final))
        return at_commit

    copies = _copies(spec, sources)
    refs = spec.refs and fetched(spec.refs, copies[spec.refs])
    extra = tuple(fetched(refs, copies[refs]) for refs in spec.extra_refs)
    return replace(spec, refs=refs, extra_refs=extra), records


def _copies(spec: ProwJobSpec, sources: Sources) -> dict[Refs, WorkingCopy]:
    """The working copy of each repository. The one at hand is the job's own, or of a periodic's main code."""
    copies = {}
    for refs in (*((spec.refs,) if spec.refs else ()), *spec.extra_refs):
        copy = sources.others.get(refs.full_name) or _own(refs, spec, sources)
        if copy is None:
            raise NoCode(f"{spec.job} clones {refs.full_name}, too: say --ref {refs.full_name}=DIR")
        copies[refs] = copy
    return copies


def _own(refs: Refs, spec: ProwJobSpec, sources: Sources) -> WorkingCopy | None:
    """The working copy at hand, if these refs are what it is for."""
    own = sources.own
    if own is None or refs is spec.refs or refs.full_name in own.full_names:
        return own
    known = {extra.full_name for extra in spec.extra_refs} & {*own.full_names}
    main = next((extra for extra in spec.extra_refs if extra.workdir), spec.extra_refs[0])
    return own if spec.refs is None and refs is main and not known else None
