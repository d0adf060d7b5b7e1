"""What is odd about plugins, and about webhooks."""

from collections.abc import Iterator

from cutwater.config import addresses
from cutwater.config.findings import Finding, Path
from cutwater.config.sections import ConfigUpdater, Label
from cutwater.config.warnings.coverage import Coverage, of_plugin
from cutwater.config.warnings.subject import Subject

READ_OWNERS = ("approve", "blunderbuss", "rifle", "owners-label")


def owners_not_verified(subject: Subject) -> Iterator[Finding]:
    """Where plugins read OWNERS files that nobody checks."""
    general = subject.config.plugins.general
    for item in using_owners(subject) - of_plugin(general, "verify-owners"):
        message = f"{item}: plugins that use OWNERS files ({', '.join(READ_OWNERS)}) are on, but verify-owners is not"
        yield subject.in_plugins(("plugins", item.name), message)


def using_owners(subject: Subject) -> Coverage:
    """Where a plugin is on that reads OWNERS files."""
    using = Coverage()
    for plugin in READ_OWNERS:
        using |= of_plugin(subject.config.plugins.general, plugin)
    return using


def without_trigger(subject: Subject) -> Iterator[Finding]:
    """Repositories with jobs that nothing starts."""
    jobs = subject.config.jobs
    of_jobs = Coverage({}, jobs.repositories)
    for item in of_jobs - of_plugin(subject.config.plugins.general, "trigger"):
        first = (*jobs.presubmits.get(item.name, ()), *jobs.postsubmits.get(item.name, ()))
        message = f"{item}: has jobs, but the trigger plugin is not enabled"
        if first:
            yield subject.in_file(first[0].origin.file, first[0].origin.path[:2], message)
        else:
            yield subject.in_plugins(("plugins",), message)


def restricted_labels(subject: Subject) -> Iterator[Finding]:
    """Labels that anyone may set, though they are restricted; and restrictions of no label."""
    section: Label = subject.section("label", Label)
    for key, entries in section.restricted_labels.items():
        for index, entry in enumerate(entries):
            here: Path = ("label", "restricted_labels", key, index)
            if entry.label in section.additional_labels:
                message = f'"{entry.label}" is restricted for {key}, and is one of label.additional_labels'
                yield subject.in_plugins((*here, "label"), message)
            if not entry.label:
                yield subject.in_plugins(here, f'"" is no label, restricted for {key}')


def config_updater_repositories(subject: Subject) -> Iterator[Finding]:
    section: ConfigUpdater = subject.section("config_updater", ConfigUpdater)
    for pattern, target in section.maps.items():
        for name in ("allowed_repos", "denied_repos"):
            for index, repository in enumerate(getattr(target, name)):
                if reason := _not_a_repository(repository):
                    path: Path = ("config_updater", "maps", pattern, name, index)
                    yield subject.in_plugins(path, f'"{repository}": {reason}')


def _not_a_repository(name: str) -> str | None:
    """Why this is neither an organisation nor a repository."""
    if not name:
        return "org/repo cannot be empty"
    if name.count("/") > 1:
        return "org/repo contains too many slashes '/'"
    return "you cannot set a repo without an org" if name.startswith("/") else None


def webhooks_given_twice(subject: Subject) -> Iterator[Finding]:
    """Repositories that send each event twice: their organisation's webhook sends it, too."""
    managed = subject.config.prow.managed_webhooks.org_repo_config
    for name in managed:
        org, slash, _ = name.partition("/")
        if slash and org in managed:
            message = f'"{name}" and "{org}" both have webhooks, so that its events come twice'
            yield subject.in_config(("managed_webhooks", "org_repo_config", name), message)


def wrong_addresses(subject: Subject) -> Iterator[Finding]:
    if reason := addresses.problem(subject.config.prow.status_error_link):
        yield subject.in_config(("status_error_link",), reason)
