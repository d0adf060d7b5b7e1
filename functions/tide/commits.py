"""The title and body of a merge commit, by the configured Go templates over the pull request.

Source: sigs.k8s.io/prow pkg/tide (github.go, prepareMergeDetails).
"""

from datetime import datetime

from msgspec import Struct

from cutwater.config.template import TemplateError, parse
from cutwater.config.tide import MergeCommitTemplate
from functions.tide.pull_requests import PullRequest


class _Named(Struct, frozen=True):
    Name: str


class _Login(Struct, frozen=True):
    Login: str


class _Title(Struct, frozen=True):
    Title: str


class _Labels(Struct, frozen=True):
    Nodes: tuple[_Named, ...]


class _GitHub(Struct, frozen=True, kw_only=True):
    """`.GitHub`: what upstream keeps of GitHub's own answer, as far as a commit may want it."""

    Number: int
    Title: str
    Body: str
    Author: _Login
    HeadRefName: str
    HeadRefOID: str
    Labels: _Labels
    Milestone: _Title | None


class _View(Struct, frozen=True, kw_only=True):
    """What the templates see. The names of the fields are theirs."""

    NameWithOwner: str
    Number: int
    Org: str
    Repo: str
    BaseRefPrefix: str
    BaseRefName: str
    HeadRefName: str
    HeadRefOID: str
    Title: str
    Body: str
    AuthorLogin: str
    UpdatedAtTime: datetime | None
    Mergeable: str
    GitHub: _GitHub


class Words(Struct, frozen=True):
    """A merge commit's title and body; "" leaves it to GitHub."""

    title: str = ""
    body: str = ""


def words_for(pull: PullRequest, template: MergeCommitTemplate | None) -> Words:
    """What the commit says. A template that cannot say anything of this pull request leaves its part to GitHub."""
    if template is None:
        return Words()
    view = _view(pull)
    return Words(_rendered(template.title, view), _rendered(template.body, view))


def _rendered(template: str, view: _View) -> str:
    try:
        return parse(template).render(view)
    except TemplateError:
        return ""


def _view(pull: PullRequest) -> _View:
    return _View(
        NameWithOwner=pull.full_name,
        Number=pull.number,
        Org=pull.org,
        Repo=pull.repo,
        BaseRefPrefix="refs/heads/",
        BaseRefName=pull.base_ref,
        HeadRefName=pull.head_ref,
        HeadRefOID=pull.head,
        Title=pull.title,
        Body=pull.body,
        AuthorLogin=pull.author,
        UpdatedAtTime=pull.updated_at,
        Mergeable=pull.mergeable,
        GitHub=_GitHub(
            Number=pull.number,
            Title=pull.title,
            Body=pull.body,
            Author=_Login(pull.author),
            HeadRefName=pull.head_ref,
            HeadRefOID=pull.head,
            Labels=_Labels(tuple(_Named(label) for label in pull.labels)),
            Milestone=_Title(pull.milestone) if pull.milestone is not None else None,
        ),
    )
