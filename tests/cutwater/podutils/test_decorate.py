"""The pod of a ProwJob: what each part of a decoration brings."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from cutwater.podutils.decorate import pod_for
from cutwater.prowjob.types import ProwJob

SIDECAR, TEST = "sidecar", "test"


def prowjob(decoration: Mapping[str, Any] | None = None, *, pod_spec: Any = None, **spec: Any) -> ProwJob:
    refs = {
        "org": "org",
        "repo": "repo",
        "base_ref": "main",
        "base_sha": "b",
        "pulls": [{"number": 1, "author": "a", "sha": "s"}],
    }
    raw = {
        "metadata": {"name": "pj"},
        "spec": {
            "type": "presubmit",
            "agent": "kubernetes",
            "job": "unit",
            "refs": refs,
            "pod_spec": pod_spec or {"containers": [{"name": "any", "image": "i", "command": ["run"], "args": ["a"]}]},
            **({} if decoration is None else {"decoration_config": decoration}),
            **spec,
        },
    }
    return msgspec.convert(raw, ProwJob)


def pod(decoration: Mapping[str, Any] | None = None, *, pod_spec: Any = None, output: str = "", **spec: Any) -> Any:
    return pod_for(prowjob(decoration, pod_spec=pod_spec, **spec), build_id="7", output_dir=output)["spec"]


def named(containers: list[Any], name: str) -> Any:
    return next(container for container in containers if container["name"] == name)


def told(container: Any, variable: str) -> Any:
    value = next(each["value"] for each in container["env"] if each["name"] == variable)
    return msgspec.json.decode(value)


def test_an_undecorated_pod_gets_the_variables_and_nothing_else() -> None:
    spec = pod()
    container = spec["containers"][0]
    assert container["name"] == TEST
    assert [each["name"] for each in container["env"]] == [
        "BUILD_ID",
        "BUILD_NUMBER",
        "CI",
        "JOB_NAME",
        "JOB_SPEC",
        "JOB_TYPE",
        "PROW_JOB_ID",
        "PULL_BASE_REF",
        "PULL_BASE_SHA",
        "PULL_HEAD_REF",
        "PULL_NUMBER",
        "PULL_PULL_SHA",
        "PULL_REFS",
        "PULL_TITLE",
        "REPO_NAME",
        "REPO_OWNER",
        "SRC_BASE",
        "SRC_HOST",
    ]
    assert (spec["restartPolicy"], spec["automountServiceAccountToken"]) == ("Never", False)
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
    assert "volumes" not in spec


def test_the_order_of_containers_and_volumes() -> None:
    spec = pod(
        {
            "ssh_key_secrets": ["k"],
            "cookiefile_secret": "c/f",
            "s3_credentials_secret": "s",
            "gcs_credentials_secret": "",
        },
        pod_spec={
            "initContainers": [{"name": "mine", "image": "i"}],
            "containers": [{"name": "x", "image": "i", "args": ["a"]}],
        },
    )
    assert [each["name"] for each in spec["initContainers"]] == ["clonerefs", "mine", "initupload", "place-entrypoint"]
    assert [each["name"] for each in spec["containers"]] == [TEST, SIDECAR]
    assert [each["name"] for each in spec["volumes"]] == [
        "logs",
        "tools",
        "s3-credentials",
        "ssh-keys-k",
        "clonerefs-tmp",
        "cookiefile",
        "code",
    ]
    assert [each["name"] for each in spec["containers"][0]["volumeMounts"]] == ["logs", "tools", "code"]
    assert named(spec["initContainers"], "clonerefs")["args"] == ["--cookiefile=/secrets/cookiefile/f"]


def test_several_containers_keep_their_names_and_have_files_of_their_own() -> None:
    containers = [{"name": f"test-{i}", "image": "i", "command": ["run"]} for i in range(2)]
    spec = pod({}, pod_spec={"containers": containers})
    entries = told(named(spec["containers"], SIDECAR), "SIDECAR_OPTIONS")["entries"]
    assert [entry["process_log"] for entry in entries] == ["/logs/test-0-log.txt", "/logs/test-1-log.txt"]
    assert entries[0]["marker_file"] == "/logs/test-0-marker.txt"
    assert entries[1]["metadata_file"] == "/logs/artifacts/test-1-metadata.json"


def test_nothing_is_cloned_where_the_job_says_so() -> None:
    spec = pod({"skip_cloning": True})
    init = spec["initContainers"]
    assert [each["name"] for each in init] == ["initupload", "place-entrypoint"]
    assert init[0]["volumeMounts"] == []
    assert "log" not in told(init[0], "INITUPLOAD_OPTIONS")
    assert "workingDir" not in spec["containers"][0]
    assert "code" not in [each["name"] for each in spec["volumes"]]


def test_the_working_directory_is_that_of_the_refs_which_ask_for_it() -> None:
    extra = [{"org": "o2", "repo": "r2", "workdir": True, "path_alias": "somewhere/else"}]
    container = pod({}, extra_refs=extra)["containers"][0]
    assert container["workingDir"] == "/home/prow/go/src/somewhere/else"


@pytest.mark.parametrize(
    ("grace", "seconds"), [("10s", 12), ("15m", 1125), ("1h", 4500), (10_000_000_000, 12), (None, None)]
)
def test_the_grace_of_the_pod(grace: str | int | None, seconds: int | None) -> None:
    spec = pod({} if grace is None else {"grace_period": grace})
    assert spec.get("terminationGracePeriodSeconds") == seconds


@pytest.mark.parametrize(
    ("own", "decoration", "expected"),
    [
        pytest.param({}, {"default_memory_request": "4Gi"}, {"requests": {"memory": "4Gi"}}, id="a request by default"),
        pytest.param(
            {"requests": {"memory": "8Gi"}, "limits": {"memory": "100Gi"}},
            {"set_limit_equals_memory_request": True, "default_memory_request": "4Gi"},
            {"requests": {"memory": "8Gi"}, "limits": {"memory": "8Gi"}},
            id="the limit follows the request",
        ),
        pytest.param(
            {},
            {"set_limit_equals_memory_request": True, "default_memory_request": "4Gi"},
            {"requests": {"memory": "4Gi"}, "limits": {"memory": "4Gi"}},
            id="a default one, too",
        ),
        pytest.param(
            {"limits": {"memory": "1Gi"}},
            {"set_limit_equals_memory_request": True},
            {"limits": {"memory": "1Gi"}},
            id="no request, nothing to follow",
        ),
    ],
)
def test_memory(own: Any, decoration: Any, expected: Any) -> None:
    spec = pod(decoration, pod_spec={"containers": [{"name": "x", "image": "i", "args": ["a"], "resources": own}]})
    assert spec["containers"][0]["resources"] == expected
    assert spec["containers"][1]["resources"] == {}, "the sidecar's stay its own"


def test_what_the_user_says_wins_over_defaults() -> None:
    decoration = {
        "run_as_user": 1000,
        "fs_group": 2000,
        "default_service_account_name": "default-account",
        "scheduling_options": {"affinity": {"nodeAffinity": {}}, "tolerations": [{"key": "k"}]},
    }
    own = {
        "containers": [{"name": "x", "image": "i", "args": ["a"]}],
        "securityContext": {"runAsUser": 5},
        "tolerations": [{"key": "mine"}],
        "serviceAccountName": "tester",
    }
    spec = pod(decoration, pod_spec=own)
    assert spec["securityContext"] == {"runAsUser": 5, "fsGroup": 2000}
    assert (spec["tolerations"], spec["affinity"]) == ([{"key": "mine"}], {"nodeAffinity": {}})
    assert spec["serviceAccountName"] == "tester"
    assert "automountServiceAccountToken" not in spec


def test_a_default_account_has_no_token_mounted() -> None:
    spec = pod({"default_service_account_name": "default-account"})
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("default-account", False)


@pytest.mark.parametrize(("censors", "directories"), [(True, ["/secret"]), (False, None), (None, None)])
def test_secrets_that_the_test_mounts_are_shown_to_the_sidecar(censors: bool | None, directories: Any) -> None:
    mounts = [{"name": "s", "mountPath": "/secret"}, {"name": "c", "mountPath": "/config"}]
    volumes = [{"name": "s", "secret": {"secretName": "x"}}, {"name": "c", "configMap": {"name": "y"}}]
    own = {"containers": [{"name": "x", "image": "i", "args": ["a"], "volumeMounts": mounts}], "volumes": volumes}
    sidecar = named(pod({"censor_secrets": censors}, pod_spec=own)["containers"], SIDECAR)
    options = told(sidecar, "SIDECAR_OPTIONS")
    assert options["censoring_options"].get("secret_directories") == directories
    assert ("/secret" in [mount["mountPath"] for mount in sidecar["volumeMounts"]]) is bool(censors)


def test_keys_that_read_private_code() -> None:
    spec = pod(
        {
            "github_app_id": "1",
            "github_app_private_key_secret": {"name": "app", "key": "private"},
            "github_api_endpoints": ["https://ghe.example.com/api/v3"],
        }
    )
    options = told(spec["initContainers"][0], "CLONEREFS_OPTIONS")
    assert options["github_app_private_key_file"] == "/secrets/github-app/private"
    assert options["github_api_endpoints"] == ["https://ghe.example.com/api/v3"]
    assert named(spec["volumes"], "app")["secret"]["items"] == [{"key": "private", "path": "./private"}]


def test_results_in_a_folder_of_the_node() -> None:
    spec = pod({"s3_credentials_secret": "s"}, output="/tmp/out")
    assert named(spec["volumes"], "output")["hostPath"] == {"path": "/tmp/out"}
    options = told(named(spec["initContainers"], "initupload"), "INITUPLOAD_OPTIONS")
    assert options["local_output_dir"] == "/output"
    assert "s3_credentials_file" not in options


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        pytest.param({"pod_spec": None}, 'prowjob "pj" lacks a pod spec', id="no pod"),
        pytest.param({"refs": None}, 'presubmit job "unit" lacks refs', id="no refs"),
        pytest.param(
            {"refs": {"org": "o", "repo": "r"}}, 'presubmit job "unit" lacks a pull request', id="no pull request"
        ),
    ],
)
def test_what_cannot_be_made(spec: Any, why: str) -> None:
    job = prowjob({})
    fields = {key: msgspec.convert(value, type(job.spec.refs) if value else type(None)) for key, value in spec.items()}
    broken = msgspec.structs.replace(job, spec=msgspec.structs.replace(job.spec, **fields))
    with pytest.raises(ValueError, match=why):
        pod_for(broken, build_id="7")


def test_the_prowjob_itself_stays_as_it_was() -> None:
    job = prowjob({})
    before = msgspec.json.encode(job)
    pod_for(job, build_id="7")["spec"]["containers"][0]["env"].clear()
    assert msgspec.json.encode(job) == before
