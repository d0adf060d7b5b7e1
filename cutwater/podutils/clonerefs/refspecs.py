"""clonerefs by hand: `--repo=org,repo=main:sha,12:sha`, and what else its flags and options must be.

Source: sigs.k8s.io/prow pkg/clonerefs (options, parse).
"""

from collections.abc import Sequence

from cutwater.podutils import clone, flags, gotext
from cutwater.podutils.containers import GIT_USER
from cutwater.podutils.log import Log
from cutwater.podutils.options import CloneOptions
from cutwater.prowjob.types import Pull, Refs


def parse(text: str) -> Refs:
    """`org,repo=base[:sha][,number[:sha[:ref]]]…` as refs. Raises ValueError."""
    subject, equals, rest = text.partition("=")
    if not equals:
        raise ValueError(f"refspec {text} invalid: does not contain '='")
    org, comma, repo = subject.partition(",")
    if not comma:
        raise ValueError(f"refspec {text} invalid: does not contain 'org,repo' as prefix")
    base, *pulls = rest.split(",")
    if not base and not pulls:
        raise ValueError(f"refspec {text} invalid: does not contain any refs")
    parts = base.split(":")
    if len(parts) > 2:
        raise ValueError(f"refspec {base} invalid: malformed base ref")
    base_ref, base_sha = (*parts, "")[:2]
    return Refs(org=org, repo=repo, base_ref=base_ref, base_sha=base_sha, pulls=tuple(map(_pull, pulls)))


def _pull(text: str) -> Pull:
    parts = text.split(":")
    if len(parts) > 3:
        raise ValueError(f"refspec {text} invalid: malformed pull ref")
    try:
        number = gotext.whole_number(parts[0])
    except ValueError as error:
        raise ValueError(f"refspec {text} invalid: pull request identifier not a number: {error}") from error
    sha, ref = (*parts[1:], "", "")[:2]
    return Pull(number=number, author="", sha=sha, ref=ref)


def from_flags(arguments: Sequence[str]) -> CloneOptions:
    """The options by flags. Raises ValueError."""
    name, email = GIT_USER
    # The two templates are taken and, as upstream, without effect.
    texts = ("src-root", "log", "git-user-name", "git-user-email", "cookiefile", "clone-alias", "uri-prefix")
    given = flags.parse(arguments, values=(*texts, "repo", "ssh-key", "max-workers"), switches=("fail",))
    return CloneOptions(
        src_root=given.text("src-root"),
        log=given.text("log"),
        git_user_name=given.text("git-user-name", name),
        git_user_email=given.text("git-user-email", email),
        refs=tuple(map(parse, given.texts("repo"))),
        key_files=given.texts("ssh-key"),
        max_parallel_workers=given.number("max-workers"),
        fail=given.switch("fail"),
        cookie_path=given.text("cookiefile"),
    )


def check(options: CloneOptions, log: Log) -> None:
    """Raises ValueError for options by which nothing could be cloned. What is merely odd is logged."""
    if not options.src_root:
        raise ValueError("no source root specified")
    if not options.log:
        raise ValueError("no log file specified")
    if not options.refs:
        raise ValueError("no refs specified to clone")
    _check_directories(options, log)
    if options.github_app_id or options.github_app_private_key_file:
        if options.oauth_token_file:
            raise ValueError("multiple authentication methods specified")
        if not options.github_api_endpoints:
            raise ValueError("no GitHub API endpoints for GitHub App authentication")
        if not options.github_app_private_key_file:
            raise ValueError("no GitHub App private key file specified")
        if not options.github_app_id:
            raise ValueError("no GitHub App ID specified")


def _check_directories(options: CloneOptions, log: Log) -> None:
    seen: dict[str, int] = {}
    for index, refs in enumerate(options.refs):
        place = clone.directory(options.src_root, refs)
        if place in seen:
            other = options.refs[seen[place]]
            problem = (
                f"clone ref config {index} (for {refs.full_name}) will be extracted to {place},"
                f" which clone ref {seen[place]} (for {other.full_name}) is also using"
            )
            if other.full_name == refs.full_name:
                raise ValueError(problem)
            log.warning("multiple refs clone to the same location", error=problem, path=place)
        seen[place] = index
