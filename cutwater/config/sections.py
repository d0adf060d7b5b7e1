"""What plugins.yaml may say to single plugins, section by section.

A plugin that is part of cutwater types its own section, beside its code; those types take the place of the ones here.
Keys of maps are `org/repo` or `org`. Source: sigs.k8s.io/prow pkg/plugins (config.go, Configuration).
"""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct, field

Text = Annotated[str, Meta(extra={"reads": "only text"})]
"""Text that must be written as text: a number or a boolean is refused."""


class Section(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of plugins.yaml."""


class Listed(Section, frozen=True):
    """An entry of a list, and the repositories that it is for."""

    repos: tuple[str, ...] = ()


class Blockade(Listed, frozen=True):
    """Files (RE2) that pull requests to some branches may not touch."""

    branchregexp: str | None = None
    blockregexps: tuple[str, ...] = ()
    exceptionregexps: tuple[str, ...] = ()
    explanation: str = ""


class WaitForStatus(Section, frozen=True):
    """The status after which reviews are asked for. `description` is RE2."""

    context: str = ""
    description: str = ""
    state: str = ""


class Reviewers(Section, frozen=True):
    """blunderbuss and rifle: how many reviews are asked for, and when."""

    request_count: int | None = None
    max_request_count: int = 0
    exclude_approvers: bool = False
    use_status_availability: bool = False
    ignore_drafts: bool = False
    ignore_authors: tuple[str, ...] = ()
    wait_for_status: WaitForStatus | None = None


class BugState(Section, frozen=True):
    """A state in Bugzilla."""

    status: str = ""
    resolution: str = ""


class BugOptions(Section, frozen=True):
    """Which bugs fit a branch, and what becomes of them. None is inherited."""

    exclude_defaults: bool | None = None
    enable_backporting: bool | None = None
    validate_by_default: bool | None = None
    is_open: bool | None = None
    target_release: str | None = None
    statuses: tuple[str, ...] | None = None
    valid_states: tuple[BugState, ...] | None = None
    dependent_bug_statuses: tuple[str, ...] | None = None
    dependent_bug_states: tuple[BugState, ...] | None = None
    dependent_bug_target_releases: tuple[str, ...] | None = None
    dependent_bug_target_release: str | None = None
    status_after_validation: str | None = None
    state_after_validation: BugState | None = None
    add_external_link: bool | None = None
    status_after_merge: str | None = None
    state_after_merge: BugState | None = None
    state_after_close: BugState | None = None
    allowed_groups: tuple[str, ...] = ()


class BugsOfRepository(Section, frozen=True):
    """The options of a repository's branches."""

    branches: Mapping[str, BugOptions] = field(default_factory=dict)


class BugsOfOrganisation(Section, frozen=True):
    """The options of an organisation's branches, and of single repositories."""

    default: Mapping[str, BugOptions] = field(default_factory=dict)
    repos: Mapping[str, BugsOfRepository] = field(default_factory=dict)


class Bugzilla(Section, frozen=True):
    """The options of branches everywhere, and of single organisations."""

    default: Mapping[str, BugOptions] = field(default_factory=dict)
    orgs: Mapping[str, BugsOfOrganisation] = field(default_factory=dict)


class BranchCleaner(Section, frozen=True):
    """Branches that are not deleted after a merge."""

    preserved_branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class KeyPath(Section, frozen=True):
    """cat and goose: the file of the key to their pictures."""

    key_path: str = ""


class CherryPickApproved(Section, frozen=True):
    """Who approves cherry-picks to some branches (RE2)."""

    org: str = ""
    repo: str = ""
    branchregexp: str = ""
    approvers: tuple[str, ...] = ()
    allow_missing_approved_label: bool = False
    allow_missing_lgtm_label: bool = False


class CherryPickUnapproved(Section, frozen=True):
    """Branches (RE2) whose pull requests must be approved as cherry-picks, and what their authors are told."""

    branchregexp: str = ""
    comment: str = ""


class ConfigMapTarget(Section, frozen=True):
    """The ConfigMap that files go to. `clusters`: namespaces by build cluster."""

    name: Text = ""
    partitioned_names: tuple[Text, ...] = ()
    key: Text = ""
    gzip: bool | None = None
    clusters: Mapping[str, tuple[Text, ...]] = field(default_factory=dict)
    cluster_groups: tuple[Text, ...] = ()
    use_full_path_as_key: bool = False
    allowed_repos: tuple[Text, ...] = ()
    denied_repos: tuple[Text, ...] = ()


class ClusterGroup(Section, frozen=True):
    """Build clusters, and namespaces in each."""

    clusters: tuple[Text, ...] = ()
    namespaces: tuple[Text, ...] = ()


class ConfigUpdater(Section, frozen=True):
    """Which files become which ConfigMaps; keys of `maps` are patterns of paths."""

    cluster_groups: Mapping[str, ClusterGroup] = field(default_factory=dict)
    maps: Mapping[str, ConfigMapTarget] = field(default_factory=dict)
    gzip: bool = False


class Dco(Section, frozen=True):
    """Whose commits need no sign-off, and where it is explained."""

    skip_dco_check_for_members: bool = False
    skip_dco_check_for_collaborators: bool = False
    trusted_apps: tuple[str, ...] = ()
    trusted_org: str = ""
    contributing_repo: str = ""
    contributing_branch: str = ""
    contributing_path: str = ""


class Golint(Section, frozen=True):
    """How sure golint must be, from 0 to 1."""

    minimum_confidence: float | None = None


class Heart(Section, frozen=True):
    """Whose comments (RE2) get a heart."""

    adorees: tuple[str, ...] = ()
    commentregexp: str = ""


class NamedLabel(Section, frozen=True):
    """A label."""

    label: str = ""


class RestrictedLabel(NamedLabel, frozen=True):
    """A label that only some may set, and the labels with which it comes by itself."""

    allowed_teams: tuple[str, ...] = ()
    allowed_users: tuple[str, ...] = ()
    assign_on: tuple[NamedLabel, ...] = ()


class Label(Section, frozen=True):
    """Labels that people may set by a command."""

    additional_labels: tuple[str, ...] = ()
    restricted_labels: Mapping[str, tuple[RestrictedLabel, ...]] = field(default_factory=dict)


class Jira(Section, frozen=True):
    """Projects to which nothing is linked."""

    disabled_jira_projects: tuple[str, ...] = ()


class ReleaseNote(Section, frozen=True):
    """Where release notes are explained."""

    guidelines_url: str = ""


class RepoMilestone(Section, frozen=True):
    """Who may set milestones."""

    maintainers_id: int = 0
    maintainers_team: str = ""
    maintainers_friendly_name: str = ""


class ProjectOfRepository(Section, frozen=True):
    """Who may move a repository's cards, and the column in which they begin, by project."""

    repo_maintainers_team_id: int = 0
    repo_default_column_map: Mapping[str, str] = field(default_factory=dict)


class ProjectOfOrganisation(Section, frozen=True):
    """The same of an organisation, and of single repositories by their short names."""

    org_maintainers_team_id: int = 0
    org_default_column_map: Mapping[str, str] = field(default_factory=dict)
    project_repo_configs: Mapping[str, ProjectOfRepository] = field(default_factory=dict)


class ProjectConfig(Section, frozen=True):
    """project: by organisation."""

    project_org_configs: Mapping[str, ProjectOfOrganisation] = field(default_factory=dict)


class Column(Section, frozen=True):
    """A column of a project, and what comes to stand in it."""

    id: int | None = None
    name: str = ""
    state: str = ""
    labels: tuple[str, ...] = ()
    org: str = ""


class ManagedProject(Section, frozen=True):
    """A project's columns."""

    columns: tuple[Column, ...] = ()


class ManagedProjects(Section, frozen=True):
    """Projects by name."""

    projects: Mapping[str, ManagedProject] = field(default_factory=dict)


class ProjectManager(Section, frozen=True):
    """project-manager: by organisation or repository."""

    orgs_repos: Mapping[str, ManagedProjects] = field(default_factory=dict, name="orgsRepos")


class MatchingLabel(Section, frozen=True):
    """A label that says that none matching `regexp` (RE2) is there. `grace_period`: a Go duration."""

    org: str = ""
    repo: str = ""
    branch: str = ""
    prs: bool = False
    issues: bool = False
    regexp: str = ""
    missing_label: str = ""
    missing_comment: str = ""
    grace_period: str = "5s"


class Retitle(Section, frozen=True):
    """Whether what is closed may get another title."""

    allow_closed_issues: bool = False


class MergeWarning(Listed, frozen=True):
    """The Slack channels that hear of a push which was no merge of tide's."""

    channels: tuple[str, ...] = ()
    exempt_users: tuple[str, ...] = ()
    exempt_branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Slack(Section, frozen=True):
    """slackevents."""

    mentionchannels: tuple[str, ...] = ()
    mergewarnings: tuple[MergeWarning, ...] = ()


class SigMention(Section, frozen=True):
    """The mentions (RE2) of teams that set labels."""

    regexp: str = ""


class Size(Section, frozen=True):
    """From how many changed lines on a pull request is called so. 0 is the usual."""

    s: int = 0
    m: int = 0
    l: int = 0  # noqa: E741, the key in plugins.yaml
    xl: int = 0
    xxl: int = 0


class Welcome(Listed, frozen=True):
    """What newcomers are told: a Go template."""

    message_template: str = ""
    always_post: bool = False


class Override(Section, frozen=True):
    """Who else may override a status: approvers, teams by repository."""

    allow_top_level_owners: bool = False
    allowed_github_teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Help(Section, frozen=True):
    """What help-wanted means."""

    help_guidelines_url: str = ""
    help_guidelines_summary: str = ""


class PathLabels(Listed, frozen=True):
    """path-label: labels, and the patterns of paths (RE2) that they are for. Prow has no such section."""

    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class CommitMessageCheck(Section, frozen=True):
    """A check that may be switched off."""

    name: str = ""
    disabled: bool = False


class InvalidCommitMessage(Listed, frozen=True):
    """Which checks of commit messages are off."""

    checks: tuple[CommitMessageCheck, ...] = ()


SECTIONS: Mapping[str, Any] = {
    "approve": tuple[Any, ...],
    "blockades": tuple[Blockade, ...],
    "blunderbuss": Reviewers,
    "rifle": Reviewers,
    "bugzilla": Bugzilla,
    "branch_cleaner": BranchCleaner,
    "cat": KeyPath,
    "cherry_pick_approved": tuple[CherryPickApproved, ...],
    "cherry_pick_unapproved": CherryPickUnapproved,
    "config_updater": ConfigUpdater,
    "dco": Mapping[str, Dco | None],
    "golint": Golint,
    "goose": KeyPath,
    "heart": Heart,
    "help": Help,
    "invalid_commit_msg": tuple[InvalidCommitMessage, ...],
    "jira": Jira,
    "label": Label,
    "lgtm": tuple[Any, ...],
    "milestone_applier": Mapping[str, Mapping[str, str]],
    "override": Override,
    "path_labels": tuple[PathLabels, ...],
    "project_config": ProjectConfig,
    "project_manager": ProjectManager,
    "release_note": ReleaseNote,
    "repo_milestone": Mapping[str, RepoMilestone],
    "require_matching_label": tuple[MatchingLabel, ...],
    "retitle": Retitle,
    "sigmention": SigMention,
    "size": Size,
    "slack": Slack,
    "triggers": tuple[Any, ...],
    "welcome": tuple[Welcome, ...],
}
"""The type of every section by its key. Of what a plugin here types itself, only that it is a list is known."""
