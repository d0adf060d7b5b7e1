"""The image: what it starts, and that it has the packages that everything was tested with."""

import re

from infra.local.broker.processes import UVICORN
from tests.conftest import ROOT

DOCKERFILE = (ROOT / "infra/image/Dockerfile").read_text()


def test_it_starts_what_runs_on_one_machine() -> None:
    found = re.search(r'^ENTRYPOINT \["sh", "-c", "exec python (.*)"\]$', DOCKERFILE, re.MULTILINE)
    assert found
    assert found[1].split() == [re.sub(r"\$\((\w+)\)", r"$\1", argument) for argument in UVICORN[1:]]


def test_it_runs_as_no_root_and_as_any_user() -> None:
    """OpenShift gives a container a user of its own, in group 0."""
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["1000:0"]


def test_what_it_copies_is_there_and_is_sent_to_the_build() -> None:
    sent = set(re.findall(r"^!(.*)$", (ROOT / "infra/image/Dockerfile.dockerignore").read_text(), re.MULTILINE))
    copied = set(re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE))
    assert copied == sent
    assert all((ROOT / path).exists() for path in copied)


def test_its_packages_are_those_of_the_lock() -> None:
    wanted, image = (
        set(re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "infra/image/requirements.lock")
    )
    assert image <= wanted
    assert {"functions-framework", "uvloop", "kubernetes", "boto3", "gidgethub"} <= {p.split("==")[0] for p in image}
