from datetime import UTC, datetime

import pytest

from cutwater.config.template import JENKINS_FUNCTIONS, TemplateError, parse
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus, Pull, Refs

JOB = ProwJob(
    metadata=ObjectMeta(name="a-name", labels={"team": "core"}),
    spec=ProwJobSpec(
        type="presubmit",
        job="unit",
        refs=Refs(
            org="acme",
            repo="rocket",
            base_ref="main",
            base_sha="abc",
            pulls=(Pull(number=5, author="alice", sha="def"), Pull(number=7, author="bob", sha="fed")),
        ),
        pod_spec={"serviceAccountName": "builder", "containers": [{"image": "alpine"}]},
    ),
    status=ProwJobStatus(state="failure", build_id="12", startTime=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
)


@pytest.mark.parametrize(
    "template, text",
    [
        pytest.param("plain", "plain", id="no action"),
        pytest.param("{{.Spec.Job}}/{{ .Status.BuildID }}", "unit/12", id="fields"),
        pytest.param("{{.Spec.Refs.BaseSHA}}", "abc", id="initialisms"),
        pytest.param("{{.ObjectMeta.Name}} {{.Name}}", "a-name a-name", id="metadata is embedded"),
        pytest.param('{{index .Labels "team"}}{{.Labels.team}}{{.Labels.none}}', "corecore", id="a map"),
        pytest.param("{{(index .Spec.PodSpec.Containers 0).Image}}", "alpine", id="into the pod"),
        pytest.param("{{.Spec.PodSpec.NodeName}}", "", id="what the pod does not say"),
        pytest.param("{{with index .Spec.Refs.Pulls 0}}{{.Number}}{{end}}", "5", id="with"),
        pytest.param("{{with .Spec.Context}}x{{else}}none{{end}}", "none", id="with nothing"),
        pytest.param('{{if eq .Spec.Type "presubmit" "batch"}}pr{{else}}no{{end}}', "pr", id="one of several"),
        pytest.param('{{if eq .Spec.Type "batch"}}a{{else if .Spec.Refs}}b{{else}}c{{end}}', "b", id="else if"),
        pytest.param('{{if and .Spec.Refs (ne .Spec.Refs.Org "")}}x{{end}}', "x", id="and, in parentheses"),
        pytest.param('{{or .Spec.Context "none"}}', "none", id="or"),
        pytest.param("{{not .Spec.Hidden}}", "true", id="not"),
        pytest.param("{{if .Spec.DecorationConfig}}x{{end}}", "", id="nil is false"),
        pytest.param("{{range .Spec.Refs.Pulls}}{{.Author}} {{end}}", "alice bob ", id="range"),
        pytest.param(
            "{{range $i, $p := .Spec.Refs.Pulls}}{{$i}}={{$p.SHA}};{{end}}", "0=def;1=fed;", id="with an index"
        ),
        pytest.param("{{range .Spec.ExtraRefs}}x{{else}}none{{end}}", "none", id="over nothing"),
        pytest.param("{{range .Spec.Refs.Pulls}}{{$.Spec.Job}} {{end}}", "unit unit ", id="the value at the top"),
        pytest.param("{{$x := .Spec.Job}}{{$x}}{{$x = 3}}{{$x}}", "unit3", id="variables"),
        pytest.param('{{.Spec.Job | printf "%s-%d %q" "a" 3}}', 'a-3 "unit"', id="a pipeline"),
        pytest.param('{{printf "%5s|%-5s|%v" "a" "b" true}}', "    a|b    |true", id="widths"),
        pytest.param("{{len .Spec.Refs.Pulls}} {{print 1 2}}", "2 12", id="functions"),
        pytest.param('{{urlquery "a b&c"}}', "a+b%26c", id="for an address"),
        pytest.param("a {{- 1 -}} b", "a1b", id="trimmed"),
        pytest.param("a {{/* no */ -}} b", "a b", id="a comment"),
        pytest.param('{{`raw "x"`}}{{"q\\n"}}', 'raw "x"q\n', id="strings"),
        pytest.param("{{.Spec.Refs}}", "main:abc,5:def,7:fed", id="what prints itself"),
        pytest.param("{{.Status.StartTime}}", "2026-01-02 03:04:05 +0000 UTC", id="a time"),
        pytest.param("{{.Labels}}", "map[team:core]", id="a whole map"),
        pytest.param("{{.Spec.DecorationConfig}}", "<nil>", id="nil"),
        pytest.param("{{if lt 1 2}}{{if ge 2 2}}x{{end}}{{end}}", "x", id="order"),
    ],
)
def test_what_a_template_becomes(template: str, text: str) -> None:
    assert parse(template).render(JOB) == text


@pytest.mark.parametrize(
    "template, why",
    [
        ("{{.Spec.Nothing}}", "can't evaluate field Nothing in type ProwJobSpec"),
        ("{{.Spec.DecorationConfig.Timeout}}", "nil pointer evaluating .Timeout"),
        ("{{index .Spec.Refs.Pulls 9}}", "index out of range: 9"),
        ("{{if eq .Spec.Job 1}}{{end}}", "incompatible types for comparison"),
        ("{{range .Spec.Job}}{{end}}", "range can't iterate over unit"),
        ("{{not}}", "wrong arguments for not"),
        ("{{$y = 1}}", "undefined variable: \\$y"),
    ],
)
def test_what_cannot_be_rendered(template: str, why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        parse(template).render(JOB)


@pytest.mark.parametrize(
    "template, why",
    [
        ("{{if .X}}", "unexpected EOF"),
        ("{{end}}", "unexpected {{end}}"),
        ("{{else}}", "unexpected {{else}}"),
        ("{{if}}x{{end}}", "missing value for command"),
        ("{{shout .X}}", 'function "shout" not defined'),
        ("{{.X", "unclosed action"),
        ("{{.X %}}", "unexpected '%}}' in an action"),
        ("{{/* x }}", "unclosed comment"),
        ("{{(.X}}", "an action ends too early"),
        ("{{.X .Y}}", "only a function has arguments"),
        ("{{1 | 2}}", "only a function can follow"),
        ('{{template "x"}}', "{{template}} is not understood here"),
        ("{{range .X}}{{else if .Y}}{{end}}{{end}}", "unexpected 'if' after else"),
        ('{{"\\q"}}', "bad literal"),
        ("{{" + "(" * 10_000 + "}}", "nested too deeply"),
    ],
)
def test_what_is_no_template(template: str, why: str) -> None:
    with pytest.raises(TemplateError) as error:
        parse(template)
    assert why in str(error.value)


def test_what_only_jenkins_may_call() -> None:
    assert parse('{{replace "/" "-" "a/b/c"}}', JENKINS_FUNCTIONS).render(JOB) == "a-b-c"


def test_a_mapping_has_go_names_too() -> None:
    assert parse("{{.Org}}/{{.Repo}}").render({"Org": "acme", "Repo": "rocket"}) == "acme/rocket"
