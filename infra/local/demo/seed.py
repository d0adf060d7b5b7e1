"""The demonstration's world: an organisation with a rocket, three people, and the configuration of its jobs."""

from pathlib import Path
from string import Template

from msgspec.structs import replace

from infra.local.github.server import GitHub
from infra.local.settings import Settings

HERE = Path(__file__).parent
REPOSITORY = "acme/rocket"
BOT, REVIEWER, AUTHOR, STRANGER = "ci-robot", "alice", "bob", "mallory"
CONTEXTS = ("pull-rocket-unit", "pull-rocket-flight")


def configured(settings: Settings) -> Settings:
    """The settings with the demonstration's configuration, written for this machine's addresses.

    What is there stays as its user has changed it.
    """
    folder = settings.folder / "config"
    folder.mkdir(parents=True, exist_ok=True)
    addresses = {"deck": settings.deck, "github": settings.github, "github_api": f"{settings.github}/api/v3"}
    for name in ("config.yaml", "jobs.yaml", "plugins.yaml"):
        if not (folder / name).exists():
            (folder / name).write_text(Template((HERE / name).read_text()).safe_substitute(addresses))
    return replace(
        settings,
        config=folder / "config.yaml",
        jobs=folder / "jobs.yaml",
        plugins=folder / "plugins.yaml",
    )


def seed(settings: Settings) -> None:
    """Make the people and the repository, unless a platform has been in this folder before."""
    settings.write()
    with GitHub(settings.folder / "github", base_url=settings.github) as github:
        world = github.world()
        settings.secret_file("github-token").write_text(world.token(BOT))
        if github.hub.account("acme") is not None:
            return
        world.organisation("acme", members=[REVIEWER, AUTHOR], admins=[BOT])
        for login in (REVIEWER, AUTHOR, STRANGER):
            world.user(login)
        files = {str(path.relative_to(HERE / "repository")): path.read_text() for path in _files()}
        world.repository(
            REPOSITORY,
            files=files,
            labels=["lgtm", "ok-to-test", "needs-ok-to-test", "do-not-merge/hold"],
            collaborators={REVIEWER: "write", AUTHOR: "write", BOT: "admin"},
            hook=(f"{settings.deck}/hook", settings.secret("hmac-token")),
        )
        world.protect(REPOSITORY, contexts=CONTEXTS)


def _files() -> list[Path]:
    return [path for path in sorted((HERE / "repository").rglob("*")) if path.is_file()]
