"""The reports to addresses of one's own: webhooks with signed JSON, and CloudEvents.

A webhook is sent once, or nobody knows. A CloudEvent may be sent again: its receiver knows it by its id.
"""

import uuid

import msgspec

from cutwater.config.outgoing import EventSink, Sink, Webhook
from cutwater.config.own import own
from cutwater.config.prow import ProwConfig
from cutwater.errors import Later, Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.kube.effects import timestamp
from cutwater.outgoing.effects import PostCloudEvent, PostWebhook
from cutwater.prowjob.reporting import CLOUDEVENTS, WEBHOOK
from cutwater.prowjob.types import ProwJob
from functions.crier import elsewhere
from functions.crier.message import Message, message_of
from functions.crier.outcome import Outcome
from functions.crier.sending import send_once

TYPE = "dev.cutwater.prowjob."
"""What the type of a CloudEvent about a ProwJob begins with; the state follows."""

_NAMES = uuid.UUID("0c4b8f6e-6a0b-5a57-9b1c-6d5b0b7f5a11")


class Told(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What a receiver of one's own gets: Prow's message, and which ProwJob it is about."""

    namespace: str
    name: str
    build_id: str


def concerns(job: ProwJob, reporter: str, config: ProwConfig) -> bool:
    """Whether the receiver is told of the state that the run is in. One that is not configured is: to say so."""
    sink = sink_of(reporter, config)
    if sink is None:
        return job.status.state != ""
    if (sink.states and job.status.state not in sink.states) or (sink.types and job.spec.type not in sink.types):
        return False
    refs = job.spec.refs or next(iter(job.spec.extra_refs), None)
    if sink.repos and (refs is None or {refs.org, refs.full_name}.isdisjoint(sink.repos)):
        return False
    return not sink.in_place_of or elsewhere.CONCERNS[sink.in_place_of](job, config)


async def report(job: ProwJob, reporter: str, look: Look, act: Act) -> Outcome:
    """Tell the receiver. Raises Refused in its words, or where it is not configured, and Later."""
    config = look.config.prow
    sink = sink_of(reporter, config)
    if sink is None:
        raise Refused(f"CUTWATER_REPORTERS names {reporter}, of which config.yaml says nothing")
    if sink.in_place_of == elsewhere.GERRIT and not await elsewhere.is_last(job, look):
        return Outcome.NOT_YET
    body = msgspec.json.encode(told(job, config)).decode()
    why = f"{job.metadata.name} is {job.status.state}"
    if isinstance(sink, Webhook):
        delivery = delivery_of(job, reporter)
        call = PostWebhook(address=sink.url, secret=sink.secret, delivery=delivery, body=body, why=why)
        return await send_once(job, reporter, call, act)
    assert isinstance(sink, EventSink)
    return await _send_event(job, sink, body, why, look, act)


def sink_of(reporter: str, config: ProwConfig) -> Sink | None:
    """The receiver of this name, or None where config.yaml has none."""
    kind, _, name = reporter.partition("/")
    said = own(config.prow_ignored)
    receivers = {WEBHOOK: said.webhooks, CLOUDEVENTS: said.cloudevents}[f"{kind}/"]
    return receivers.get(name)


def told(job: ProwJob, config: ProwConfig) -> Told:
    """What is told of the run."""
    said = message_of(job, config.plank)
    fields = {name: getattr(said, name) for name in Message.__struct_fields__}
    meta = job.metadata
    return Told(namespace=meta.namespace, name=meta.name, build_id=job.status.build_id, **fields)


def delivery_of(job: ProwJob, reporter: str) -> str:
    """What the message about this state of this run is known by."""
    return str(uuid.uuid5(_NAMES, f"{reporter} {job.metadata.uid or job.metadata.name} {job.status.state}"))


async def _send_event(job: ProwJob, sink: EventSink, body: str, why: str, look: Look, act: Act) -> Outcome:
    meta, status = job.metadata, job.status
    moment = status.completionTime or status.pendingTime or status.startTime or look.now
    attributes = {
        "specversion": "1.0",
        "id": f"{meta.uid or meta.name}.{status.state}",
        "source": f"/apis/prow.k8s.io/v1/namespaces/{meta.namespace}/prowjobs",
        "type": TYPE + (status.state or "unknown"),
        "subject": meta.name,
        "time": timestamp(moment),
    }
    sent = await act(PostCloudEvent(address=sink.url, mode=sink.mode, attributes=attributes, body=body, why=why))
    if not sent.is_known:
        raise Later(sent.words)  # its receiver knows it by its id
    return Outcome.TOLD
