"""What plugins.yaml makes of each plugin, in words for its help: by repository, and under "" for all of them.

The words are HTML, as everywhere in help; what the configuration says is escaped in it.
Source: sigs.k8s.io/prow pkg/plugins/* (helpProvider of each).
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from cutwater.config.configuration import Configuration
from cutwater.config.sections import (
    Blockade,
    CherryPickUnapproved,
    ConfigUpdater,
    Heart,
    KeyPath,
    Label,
    MatchingLabel,
    MergeWarning,
    RepoMilestone,
    Retitle,
    Reviewers,
    SigMention,
    Size,
    Slack,
)
from cutwater.github.effects import Subject
from functions.plugins import cherry_pick_unapproved, dco, lgtm, reviewers, sigmention, slackevents, trust, welcome
from functions.plugins.approve.section import settings_for as approve_settings
from functions.plugins.golint.plugin import confidence
from functions.plugins.path_label import patterns_for
from functions.plugins.size import limits_of

EVERYWHERE = ""
"""The key under which stands what is not of one repository."""

Repositories = Sequence[tuple[str, str]]
"""Organisation and name of each repository that a plugin is on for."""


def configured(plugin: str, config: Configuration, repositories: Repositories) -> Mapping[str, str]:
    """What is configured of a plugin; nothing for one that has no configuration. Raises ConfigError."""
    words = _WORDS.get(plugin)
    return words(config, repositories) if words else {}


def _each(words: Callable[[Configuration, str, str], str]) -> "_Words":
    """Of each repository, unless there is nothing to say."""

    def of_each(config: Configuration, repositories: Repositories) -> Mapping[str, str]:
        found = {f"{org}/{repo}": words(config, org, repo) for org, repo in repositories}
        return {name: said for name, said in found.items() if said}

    return of_each


def _all(words: Callable[[Configuration], str]) -> "_Words":
    """Of all repositories."""

    def of_all(config: Configuration, repositories: Repositories) -> Mapping[str, str]:
        said = words(config)
        return {EVERYWHERE: said} if said else {}

    return of_all


def _listed(title: str, items: Sequence[str]) -> str:
    return "\n".join((f"{title}<ul>", *(f"<li>{item}</li>" for item in items), "</ul>"))


def _approve(config: Configuration, org: str, repo: str) -> str:
    settings = approve_settings(config, org, repo)
    issue = "" if settings.issue_required else "do not "
    own = "" if settings.authors_approve else "do not "
    lgtm = "will" if settings.lgtm_acts_as_approve else "will not"
    reviews = "will" if settings.reviews_count else "will not"
    return (
        f"Pull requests {issue}require an associated issue.<br>"
        f"Pull request authors {own}implicitly approve their own PRs.<br>"
        f"The /lgtm [cancel] command(s) {lgtm} act as approval.<br>"
        f"A GitHub approved or changes requested review {reviews} act as approval or cancel respectively."
    )


def _lgtm(config: Configuration, org: str, repo: str) -> str:
    settings = lgtm.settings_for(config, org, repo)
    team = escape(settings.trusted_team_for_sticky_lgtm)
    said = {
        "Reviews of GitHub's act as lgtm: approving adds it, and requesting changes removes it.": (
            settings.review_acts_as_lgtm
        ),
        "Squashing commits does not remove lgtm: the hash of the tree is kept, and compared.": settings.store_tree_hash,
        f'Commits from "{team}" do not remove lgtm.': bool(team),
    }
    items = [words for words, is_so in said.items() if is_so]
    return _listed("The plugin has the following configuration:", items) if items else ""


def _trigger(config: Configuration, org: str, repo: str) -> str:
    trusted = trust.settings_for(config, org, repo).trusted_org or org
    return f'The trusted GitHub organization for this repository is "{escape(trusted)}".'


def _dco(config: Configuration, org: str, repo: str) -> str:
    settings = dco.settings_for(config, Subject(org, repo, 0))
    skipped = {
        "members": settings.skip_dco_check_for_members,
        "collaborators": settings.skip_dco_check_for_collaborators,
    }
    who = " and ".join(name for name, is_so in skipped.items() if is_so)
    trusted = escape(settings.trusted_org or org)
    return f'Commits of {who} need no sign-off. The trusted GitHub organization is "{trusted}".' if who else ""


def _welcome(config: Configuration, org: str, repo: str) -> str:
    template = welcome.settings_for(config, org, repo).message_template or welcome.DEFAULT
    return f"The welcome plugin is configured to post using following welcome template: {escape(template)}."


def _blockade(config: Configuration, org: str, repo: str) -> str:
    entries = config.plugins.section("blockades", tuple[Blockade, ...]) or ()
    items = []
    for entry in entries:
        if org in entry.repos or f"{org}/{repo}" in entry.repos:
            branches = [f"branches {_code(entry.branchregexp)}"] if entry.branchregexp else []
            blocked = f"blocked: {_codes(entry.blockregexps)}"
            allowed = [f"but not {_codes(entry.exceptionregexps)}"] if entry.exceptionregexps else []
            items.append(f"{escape(entry.explanation)} ({', '.join((*branches, blocked, *allowed))})")
    return _listed("The following blockades apply in this repository:", items) if items else ""


def _milestoneapplier(config: Configuration, org: str, repo: str) -> str:
    entries = config.plugins.section("milestone_applier", dict[str, dict[str, str]]) or {}
    items = [f"{_code(branch)}: {_code(name)}" for branch, name in sorted(entries.get(f"{org}/{repo}", {}).items())]
    return _listed("The configured branches and milestones for this repo are:", items) if items else ""


def _path_label(config: Configuration, org: str, repo: str) -> str:
    patterns = patterns_for(config, org, repo)
    items = [f"{_code(label)}: {_codes(ones)}" for label, ones in sorted(patterns.items())]
    return _listed("The labels of paths in this repository are:", items) if items else ""


def _reviewers(plugin: str) -> "_Words":
    def words(config: Configuration) -> str:
        found = config.plugins.section(plugin, Reviewers).request_count
        count = reviewers.COUNT if found is None else found
        return f"{plugin} is currently configured to request reviews from {count} reviewer{'s' if count > 1 else ''}."

    return _all(words)


def _size(config: Configuration) -> str:
    items, least = [], 0
    for name, limit in limits_of(config.plugins.section("size", Size)).items():
        items.append(f"size/{name}: {least}-{limit - 1}")
        least = limit
    return _listed("The plugin has the following thresholds:", [*items, f"size/XXL: {least}+"])


def _label(config: Configuration) -> str:
    kinds = ("kind", "priority", "area", *config.plugins.section("label", Label).additional_labels)
    *most, last = (f'"{escape(kind)}/*"' for kind in kinds)
    return f"The label plugin will work on {', '.join(most)} and {last} labels."


def _require_matching_label(config: Configuration) -> str:
    rules = config.plugins.section("require_matching_label", tuple[MatchingLabel, ...]) or ()
    items = [_rule(rule) for rule in rules]
    return _listed("The plugin has the following configurations:", items) if items else ""


def _rule(rule: MatchingLabel) -> str:
    comments = "and comments on " if rule.missing_comment else "to "
    branch = f"'{escape(rule.branch)}' branch " if rule.branch and rule.prs else ""
    kinds = " and ".join([*(["Issues"] if rule.issues else []), *([f"{branch}PRs"] if rule.prs else [])])
    place, kind = (f"{rule.org}/{rule.repo}", "repo") if rule.repo else (rule.org, "org")
    return (
        f"Applies the '{escape(rule.missing_label)}' label {comments}{kinds} in the '{escape(place)}' GitHub {kind} "
        f"that have no labels matching the regular expression '{escape(rule.regexp)}'."
    )


def _retitle(config: Configuration) -> str:
    allows = config.plugins.section("retitle", Retitle).allow_closed_issues
    return f"The retitle plugin {'also allows' if allows else 'does not allow'} retitling closed/merged issues and PRs."


def _sigmention(config: Configuration) -> str:
    pattern = config.plugins.section("sigmention", SigMention).regexp or sigmention.DEFAULT
    return (
        "Labels added by the plugin are triggered by mentions of GitHub teams matching the following regexp:\n"
        f"{_code(pattern)}"
    )


def _slackevents(config: Configuration, repositories: Repositories) -> Mapping[str, str]:
    channels = escape(", ".join(config.plugins.section("slack", Slack).mentionchannels))
    said = (
        f"SIG mentions on GitHub are reiterated for the following SIG Slack channels: {channels}." if channels else ""
    )
    words = {f"{org}/{repo}": _warning(slackevents.warning_for(config, org, repo)) for org, repo in repositories}
    return ({EVERYWHERE: said} if said else {}) | words


def _warning(warning: MergeWarning | None) -> str:
    if warning is None:
        return "There are no manual merge warnings configured for this repo."
    exempt = escape(", ".join(warning.exempt_users)) or "nobody"
    branches = "".join(
        f", {escape(', '.join(users))} on {_code(branch)}" for branch, users in sorted(warning.exempt_branches.items())
    )
    return (
        f"Merges and pushes by hand are told to the following Slack channels: {escape(', '.join(warning.channels))}. "
        f"Those who may: {exempt}{branches}."
    )


def _golint(config: Configuration) -> str:
    return f"The golint plugin will report problems with a minimum confidence of {confidence(config):f}."


def _heart(config: Configuration) -> str:
    settings = config.plugins.section("heart", Heart)
    if not settings.adorees:
        return ""
    return (
        f"The heart plugin is configured to react to comments, satisfying the regular expression "
        f"{_code(settings.commentregexp)}, left by the following GitHub users: {escape(', '.join(settings.adorees))}."
    )


def _cherry_pick_unapproved(config: Configuration) -> str:
    settings = config.plugins.section("cherry_pick_unapproved", CherryPickUnapproved)
    pattern = settings.branchregexp or cherry_pick_unapproved.BRANCHES
    comment = settings.comment or cherry_pick_unapproved.COMMENT
    return (
        "The cherry-pick-unapproved plugin treats PRs against branch names satisfying the regular expression "
        f"{_code(pattern)} as cherry-pick PRs and adds the following comment:\n{escape(comment)}"
    )


def _key(plugin: str, site: str) -> "_Words":
    def words(config: Configuration) -> str:
        path = config.plugins.section(plugin, KeyPath).key_path
        return f"The {plugin} plugin uses an api key for {site} stored in {escape(path)}." if path else ""

    return _all(words)


def _milestone(config: Configuration, repositories: Repositories) -> Mapping[str, str]:
    entries = config.plugins.section("repo_milestone", dict[str, RepoMilestone]) or {}
    keys = (EVERYWHERE, *(f"{org}/{repo}" for org, repo in repositories))
    return {key: _team(entries[key]) for key in keys if key in entries}


def _team(entry: RepoMilestone) -> str:
    team, number = escape(entry.maintainers_team), entry.maintainers_id
    return f'The milestone maintainers team is the GitHub team "{team}" with ID: {number}.'


def _verify_owners(config: Configuration, repositories: Repositories) -> Mapping[str, str]:
    owners = config.plugins.owners
    places = {EVERYWHERE: ("", ""), **{f"{org}/{repo}": (org, repo) for org, repo in repositories}}
    names = {key: owners.filenames_of(*place) for key, place in places.items()}
    denied = escape(", ".join(owners.denied_labels))
    return {
        key: f"{escape(one.owners)} and {escape(one.owners_aliases)} files are validated."
        + (f" They may not contain any of the following banned labels: {denied}." if denied else "")
        for key, one in names.items()
        if key == EVERYWHERE or one != names[EVERYWHERE]
    }


def _config_updater(config: Configuration, repositories: Repositories) -> Mapping[str, str]:
    """Which files go where: said only where it is one repository's, as the patterns do not say whose they are."""
    if len(repositories) != 1:
        return {}
    (org, repo), maps = repositories[0], config.plugins.section("config_updater", ConfigUpdater).maps
    items = [
        f"Files matching {_code(f'{org}/{repo}/{pattern}')} are used to populate the {_code(target.name)} ConfigMap."
        for pattern, target in sorted(maps.items())
    ]
    return {EVERYWHERE: _listed("The plugin has the following configuration:", items)} if items else {}


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _codes(texts: Sequence[str]) -> str:
    return " ".join(_code(text) for text in texts)


_Words = Callable[[Configuration, Repositories], Mapping[str, str]]
_WORDS: Mapping[str, _Words] = {
    "approve": _each(_approve),
    "blockade": _each(_blockade),
    "blunderbuss": _reviewers("blunderbuss"),
    "cat": _key("cat", "thecatapi.com"),
    "cherry-pick-unapproved": _all(_cherry_pick_unapproved),
    "config-updater": _config_updater,
    "dco": _each(_dco),
    "goose": _key("goose", "unsplash.com"),
    "golint": _all(_golint),
    "heart": _all(_heart),
    "label": _all(_label),
    "lgtm": _each(_lgtm),
    "milestone": _milestone,
    "milestoneapplier": _each(_milestoneapplier),
    "path-label": _each(_path_label),
    "require-matching-label": _all(_require_matching_label),
    "retitle": _all(_retitle),
    "rifle": _reviewers("rifle"),
    "sigmention": _all(_sigmention),
    "size": _all(_size),
    "slackevents": _slackevents,
    "trigger": _each(_trigger),
    "verify-owners": _verify_owners,
    "welcome": _each(_welcome),
}
