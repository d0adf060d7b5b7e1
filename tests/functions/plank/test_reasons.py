"""What a description says of a pod that did not come to run its test."""

from typing import Any

import pytest

from cutwater.prowjob.pods import as_pod
from functions.plank.reasons import LONGEST, with_reason

PASSED = {"terminated": {"exitCode": 0, "reason": "Completed", "message": "bye"}}
FAILED = {"terminated": {"exitCode": 1, "reason": "Error", "message": "FAIL test_a"}}


def described(*, init: dict[str, Any] | None = None, test: dict[str, Any] | None = None) -> str:
    """The description of a pod with these states of its containers `initupload` and `test`."""
    statuses = {
        "initContainerStatuses": [{"name": "initupload", "state": init}] if init else None,
        "containerStatuses": [{"name": "test", "state": test}] if test else None,
    }
    return with_reason("Over.", as_pod({"metadata": {"name": "pod"}, "status": {"phase": "Failed", **statuses}}))


@pytest.mark.parametrize(
    "init, test, says",
    [
        pytest.param(None, None, "Over.", id="nothing is known"),
        pytest.param(PASSED, FAILED, "Over.", id="its test ran"),
        pytest.param(None, {"waiting": {"reason": "ImagePullBackOff"}}, "Over.", id="its node gives no message"),
        pytest.param(
            None,
            {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "key" not found'}},
            'Over. test: CreateContainerConfigError: secret "key" not found',
            id="it waits for something",
        ),
        pytest.param(
            None,
            {"terminated": {"exitCode": 128, "reason": "StartError", "message": "no\ncommand"}},
            "Over. test: no command",
            id="it could not be started",
        ),
        pytest.param(
            {"terminated": {"exitCode": 1, "message": 'one\n{"level": "fatal", "msg": "no such bucket"}\n'}},
            {"waiting": {"reason": "PodInitializing"}},
            "Over. initupload: no such bucket",
            id="a pod utility's last line",
        ),
        pytest.param(
            {"terminated": {"exitCode": 1, "message": "one\ntwo"}},
            None,
            "Over. initupload: two",
            id="a plain last line",
        ),
        pytest.param({"running": {}}, None, "Over. initupload: has not ended", id="it was still being prepared"),
    ],
)
def test_reason(init: dict[str, Any] | None, test: dict[str, Any] | None, says: str) -> None:
    assert described(init=init, test=test) == says


def test_long_reason_is_cut() -> None:
    end = {"terminated": {"exitCode": 1, "message": "x" * 4000}}
    assert len(described(init=end)) == len("Over. ") + LONGEST + 1
