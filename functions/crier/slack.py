"""The report to Slack: which runs are announced, where, and in what words.

What config.yaml says for the repository holds unless the job says otherwise, field by field. Source:
sigs.k8s.io/prow pkg/crier/reporters/slack.
"""

from msgspec.structs import replace

from cutwater.config.lookup import setting
from cutwater.config.prow import ProwConfig, SlackReporter
from cutwater.config.template import TemplateError, parse
from cutwater.errors import Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.outgoing.effects import PostToSlack
from cutwater.prowjob.reporting import SLACK
from cutwater.prowjob.types import ProwJob, SlackReporterConfig
from functions.crier.outcome import Outcome
from functions.crier.sending import send_once

NOTHING = SlackReporter()
NO_WISHES = SlackReporterConfig()


def concerns(job: ProwJob, config: ProwConfig) -> bool:
    """Whether the state that the run is in is announced. A job that names a channel is announced whatever its type."""
    wanted = _wanted(job, config)
    if wanted.report is False or job.status.state not in (wanted.job_states_to_report or ()):
        return False
    return job.spec.type in wanted.job_types_to_report or bool(_wishes(job).channel)


async def report(job: ProwJob, look: Look, act: Act) -> Outcome:
    """Announce the state. Raises Refused in Slack's words, and Later where nobody has heard it."""
    return await send_once(job, SLACK, message(job, look.config.prow), act)


def message(job: ProwJob, config: ProwConfig) -> PostToSlack:
    """What is said. Raises Refused for a template that cannot say it."""
    wanted = _wanted(job, config)
    try:
        text = parse(wanted.report_template).render(job)
    except TemplateError as error:
        raise Refused(f"the template of the message to Slack: {error}") from error
    why = f"{job.spec.job} is {job.status.state}"
    return PostToSlack(host=wanted.host or "*", channel=wanted.channel, text=text, why=why)


def _wanted(job: ProwJob, config: ProwConfig) -> SlackReporter:
    """What is said for the repository, with what the job says of itself instead."""
    refs = job.spec.refs or next(iter(job.spec.extra_refs), None)
    settings = config.slack_reporter_configs
    said = setting(settings, refs.org, refs.repo, NOTHING) if refs else settings.get("*", NOTHING)
    own = _wishes(job)
    states = said.job_states_to_report if own.job_states_to_report is None else own.job_states_to_report
    return replace(
        said,
        host=own.host or said.host,
        channel=own.channel or said.channel,
        job_states_to_report=states,
        report_template=own.report_template or said.report_template,
        report=said.report if own.report is None else own.report,
    )


def _wishes(job: ProwJob) -> SlackReporterConfig:
    reporters = job.spec.reporter_config
    return reporters.slack if reporters and reporters.slack else NO_WISHES
