"""The local GitHub for a user's own configuration: the repositories that it names, empty, with the webhook set.

There is one user, `you`, who may do everything and whose token is `ghp_you`.
"""

from cutwater.config.configuration import Configuration
from cutwater.config.defaulting import decoration_entries
from infra.local.github.server import GitHub
from infra.local.settings import ARTIFACTS_BUCKET, Settings

YOU, BOT = "you", "ci-robot"


def repositories(config: Configuration) -> list[str]:
    """All that have jobs or plugins of their own, as `org/repo`."""
    named = {*config.jobs.presubmits, *config.jobs.postsubmits, *config.plugins.general.plugins}
    return sorted(name for name in named if name.count("/") == 1)


def seed(settings: Settings, config: Configuration) -> list[str]:
    """Make what is not there yet. The names of all repositories of the configuration."""
    settings.write()
    names = repositories(config)
    with GitHub(settings.folder / "github", base_url=settings.github) as github:
        world = github.world()
        world.user(YOU)
        settings.secret_file("github-token").write_text(world.token(BOT))
        for org in sorted({name.partition("/")[0] for name in names}):
            world.organisation(org, admins=[YOU, BOT])
        for name in names:
            if github.hub.repository(name) is None:
                world.repository(name, hook=(f"{settings.deck}/hook", settings.secret("hmac-token")))
    return names


def foreign_buckets(config: Configuration) -> list[str]:
    """The buckets, other than the local one, that the configuration's default decorations upload to."""
    found = (entry.config for entry in decoration_entries(config.prow))
    named = {one.gcs_configuration.bucket for one in found if one and one.gcs_configuration}
    return sorted(named - {"", f"s3://{ARTIFACTS_BUCKET}"})


def address(settings: Settings, repository: str) -> str:
    """Where git pushes to, as `you`."""
    return f"{settings.github.replace('://', f'://{YOU}:ghp_{YOU}@')}/{repository}.git"
