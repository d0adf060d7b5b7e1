"""The file that says which Jenkins there are, and how each is entered."""

import base64
from pathlib import Path

import pytest

from cutwater.jenkins.access import Access, opener, read
from cutwater.jenkins.errors import Denied

URL = "jenkins-url: 'https://jenkins'"


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("jenkins-token-file: t", id="a token"),
        pytest.param("jenkins-bearer-token-file: t", id="a bearer token"),
        pytest.param("jenkins-token-file: t, cert-file: c, key-file: k, ca-cert-file: a", id="certificates"),
        pytest.param("jenkins-token-file: t, ca-cert-file: a", id="only whom to trust"),
    ],
)
def test_good_entries(entry: str) -> None:
    assert len(read(f"[{{{URL}, {entry}}}]".encode())) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(f"[{{{URL}}}]", "either jenkins-token-file or jenkins-bearer-token-file must be set", id="none"),
        pytest.param(
            f"[{{{URL}, jenkins-token-file: t, jenkins-bearer-token-file: t}}]",
            "only one of jenkins-token-file or jenkins-bearer-token-file can be set",
            id="both",
        ),
        pytest.param(
            f"[{{{URL}, jenkins-token-file: t, cert-file: c}}]", "cert-file and key-file must both be", id="half a key"
        ),
        pytest.param("[{jenkins-url: '', jenkins-token-file: t}]", 'invalid jenkins-url URI: ""', id="no address"),
        pytest.param(f"[{{{URL}, jenkins-tokenfile: t}}]", "unknown field `jenkins-tokenfile`", id="unknown field"),
        pytest.param("[{jenkins-token-file: t}]", "missing required field `jenkins-url`", id="no address at all"),
        pytest.param("a: [", "while parsing", id="no YAML"),
        pytest.param(
            f"[{{{URL}, jenkins-token-file: t}}, {{{URL}, jenkins-token-file: t}}]",
            "two entries have the same label-selector",
            id="two for one operator",
        ),
    ],
)
def test_bad_files(body: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read(body.encode())


def test_a_token_is_read_anew_each_time(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(" first\n")
    entry = Access(jenkins_url="http://jenkins", jenkins_token_file=str(token))
    assert entry.authorization() == "Basic " + base64.b64encode(b"jenkins-trigger:first").decode()
    token.write_text("second")
    assert entry.authorization().endswith(base64.b64encode(b"jenkins-trigger:second").decode())
    bearer = Access(jenkins_url="http://jenkins", jenkins_bearer_token_file=str(token))
    assert bearer.authorization() == "Bearer second"
    token.unlink()
    with pytest.raises(Denied, match="token cannot be read: No such file"):
        bearer.authorization()


def test_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    entry = Access(jenkins_url="https://jenkins", jenkins_token_file="t", ca_cert_file=str(tmp_path / "none"))
    with pytest.raises(Denied, match="the certificates for https://jenkins cannot be used"):
        entry.tls()


@pytest.mark.parametrize(
    ("selectors", "wanted", "says"),
    [
        pytest.param([""], "", "", id="the only one"),
        pytest.param(["master=a", "master=b"], "master=b", "", id="its own"),
        pytest.param([""], "master=a", "", id="one for all"),
        pytest.param(["master=b"], "master=a", 'has no Jenkins with label-selector "master=a"', id="none"),
    ],
)
def test_an_operator_finds_its_jenkins(tmp_path: Path, selectors: list[str], wanted: str, says: str) -> None:
    file = tmp_path / "jenkins.yaml"
    file.write_text("\n".join(f"- {{{URL}, jenkins-token-file: t, label-selector: '{s}'}}" for s in selectors))
    find = opener(str(file), client=lambda entry: None)
    if says:
        with pytest.raises(Denied, match=says):
            find(wanted)
    else:
        find(wanted)


@pytest.mark.parametrize(("path", "says"), [("", "CUTWATER_JENKINS is not set"), ("/none", "/none cannot be used")])
def test_no_file(path: str, says: str) -> None:
    with pytest.raises(Denied, match=says):
        opener(path)("")
