"""What trigger wants, and the help for its commands."""

from cutwater.github.effects import AddComment, DeleteComment, Label
from cutwater.github.workflows import ApproveRun, RerunFailedJobs
from cutwater.kube.effects import CreateProwJob, Transition
from functions.plugins.kit import Command, Plugin
from functions.plugins.trigger import comments, pull_requests, pushes

# comments.py checks who may: that the pull request is trusted is enough, a job's own pattern is a command as well, and
# what is said to strangers depends on the configuration.
TRUSTED = "Anyone can trigger this command on a trusted pull request."
MEMBERS = "Members of the organisation."

plugin = Plugin(
    "trigger",
    about="Starts the jobs of pull requests and pushes, when somebody who is trusted opens, pushes or says so.",
    commands=[
        Command(
            name="ok-to-test",
            usage="/ok-to-test [cancel]",
            on="pull requests",
            when="open",
            about="Marks the pull request of a stranger as trusted, and starts its jobs.",
            who=MEMBERS,
            examples=("/ok-to-test",),
        ),
        Command(
            name="test",
            is_featured=True,
            usage="/test (<job name>|all)",
            on="pull requests",
            when="open",
            about="Starts a job, or all that run by themselves. `/test ?` lists them.",
            who=TRUSTED,
            examples=("/test all", "/test pull-unit", "/test ?"),
        ),
        Command(
            name="retest",
            is_featured=True,
            usage="/retest",
            on="pull requests",
            when="open",
            about="Starts the jobs that failed, and those that have not reported.",
            who=TRUSTED,
            examples=("/retest",),
        ),
        Command(
            name="retest-required",
            usage="/retest-required",
            on="pull requests",
            when="open",
            about="As /retest, without the optional jobs.",
            who=TRUSTED,
            examples=("/retest-required",),
        ),
        Command(
            name="test-manual-required",
            is_featured=True,
            usage="/test-manual-required",
            on="pull requests",
            when="open",
            about="Starts the required jobs that wait to be named.",
            who=TRUSTED,
            examples=("/test-manual-required",),
        ),
    ],
    effects=[AddComment, ApproveRun, CreateProwJob, DeleteComment, Label, RerunFailedJobs, Transition],
)

ACTIONS = (
    "opened",
    "reopened",
    "ready_for_review",
    "edited",
    "synchronize",
    "labeled",
    "closed",
    "converted_to_draft",
)

plugin.on("pull_request", *ACTIONS)(pull_requests.decide)
plugin.on_text(comments.is_germane)(comments.decide)
plugin.on("push")(pushes.decide)
