"""Each warning by its name: what gives it, where it stands, and what does not give it."""

from typing import NamedTuple

import pytest

from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.config.warnings.every import EVERY, NEED_GITHUB, chosen, findings
from cutwater.config.warnings.subject import Folders, Subject
from functions.plugins.sections import SECTIONS

POD = "spec: {containers: [{image: x, command: [x]}]}"
IMAGES = "utility_images: {clonerefs: a, initupload: a, entrypoint: a, sidecar: a}"
DECORATED = (
    "plank: {default_decoration_config_entries: [{config: {" + IMAGES + ", "
    "gcs_configuration: {bucket: b, path_strategy: explicit}}}]}\n"
)
LONG = "a" * 64


class Case(NamedTuple):
    """Texts of the files, and the place and the words of each finding; no words, no finding."""

    name: str
    config: str = ""
    jobs: str = ""
    plugins: str = "plugins: {}"
    found: tuple[str, ...] = ()


def tide(*, labels: str = "", forbidden: str = "", of: str = "orgs: [a]") -> str:
    return f"tide: {{queries: [{{{of}, labels: [{labels}], missingLabels: [{forbidden}]}}]}}"


def jobs(*names: str, of: str = "a/r", more: str = "decorate: false") -> str:
    return f"presubmits:\n  {of}:\n" + "".join(f"  - {{name: {name}, {more}, {POD}}}\n" for name in names)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{case.name}: {about}")
        for about, case in {
            "asked for and on": Case("mismatched-tide", tide(labels="lgtm"), "", "plugins: {a: {plugins: [lgtm]}}"),
            "asked for, but on in one repository": Case(
                "mismatched-tide",
                tide(labels="lgtm"),
                "",
                "plugins: {a/r: {plugins: [lgtm]}}",
                ("config.yaml:1: tide.queries[0].orgs[0]: a without a/r: tide requires the label lgtm",),
            ),
            "asked for, and nowhere on": Case(
                "mismatched-tide",
                tide(labels="approved", of="repos: [a/r]"),
                found=("config.yaml:1: tide.queries[0].repos[0]: a/r: tide requires the label approved",),
            ),
            "on, and not asked for": Case(
                "mismatched-tide",
                tide(),
                "",
                "plugins:\n  a: {plugins: [hold]}",
                ("plugins.yaml:2: plugins.a: a: the hold plugin is on, but tide does not forbid its label",),
            ),
            "on where tide does nothing": Case(
                "mismatched-tide", tide(of="orgs: [b]"), "", "plugins: {a: {plugins: [lgtm]}}"
            ),
            "forbidden, and no external plugin": Case(
                "mismatched-tide",
                tide(forbidden="needs-rebase"),
                found=("tide.queries[0].orgs[0]: a: tide forbids the label needs-rebase",),
            ),
            "an external plugin, and not forbidden": Case(
                "mismatched-tide", tide(), "", "external_plugins: {a: [{name: needs-rebase}]}"
            ),
            "only what is required": Case(
                "mismatched-tide-lenient", tide(labels="lgtm", forbidden="do-not-merge/hold"), found=("label lgtm",)
            ),
            "everywhere": Case(
                "tide-strict-branch",
                tide() + "\nbranch-protection: {protect: true, required_status_checks: {strict: true}}",
                found=("config.yaml:2: branch-protection.required_status_checks.strict",),
            ),
            "a repository of tide's": Case(
                "tide-strict-branch",
                tide()
                + "\nbranch-protection: {orgs: {a: {repos: {"
                + "r: {protect: true, required_status_checks: {strict: true}}}}}}",
                found=("config.yaml:2: branch-protection.orgs.a.repos.r: a/r: strict: true",),
            ),
            "a branch of it": Case(
                "tide-strict-branch",
                tide(of="repos: [a/r]")
                + "\nbranch-protection: {orgs: {a: {repos: {"
                + "r: {branches: {main: {protect: true, required_status_checks: {strict: true}}}}}}}}",
                found=("a/r: strict: true",),
            ),
            "another's": Case(
                "tide-strict-branch",
                tide(of="orgs: [b]")
                + "\nbranch-protection: {orgs: {a: {protect: true, required_status_checks: {strict: true}}}}",
            ),
            "required and optional": Case(
                "tide-context-policy",
                "tide: {context_options: {orgs: {a: {repos: {r: {"
                + "required-contexts: [c], optional-contexts: [c]}}}}}}",
                found=("context policy for master branch in a/r is invalid: contexts c are defined as required and",),
            ),
            "not decorated": Case(
                "non-decorated-jobs",
                "",
                jobs("plain"),
                found=('jobs.yaml:3: presubmits["a/r"][0].name: "plain" runs on Kubernetes',),
            ),
            "decorated": Case("non-decorated-jobs", DECORATED, jobs("fine", more="decorate: true")),
            "64": Case(
                "long-job-names", "", jobs("short", LONG), found=(f'jobs.yaml:4: presubmits["a/r"][1].name: "{LONG}"',)
            ),
            "63": Case("long-job-names", "", jobs("a" * 63)),
            "its own repository": Case(
                "duplicate-job-refs",
                "",
                jobs("j", more="extra_refs: [{org: a, repo: r, base_ref: main}]"),
                found=('presubmits["a/r"][0].extra_refs: a/r is named more than once, by j of a/r',),
            ),
            "two refs": Case(
                "duplicate-job-refs",
                "",
                jobs("j", more="extra_refs: [{org: a, repo: s, base_ref: main}, {org: a, repo: s, base_ref: old}]"),
                found=("a/s is named more than once",),
            ),
            "both labels": Case(
                "needs-ok-to-test",
                tide(labels="lgtm", forbidden="needs-ok-to-test"),
                found=("config.yaml:1: tide.queries[0].missingLabels[0]",),
            ),
            "an organisation and its repository": Case(
                "managed-webhooks",
                "managed_webhooks:\n  org_repo_config:\n    foo: {}\n    foo/bar: {}",
                found=('config.yaml:4: managed_webhooks.org_repo_config["foo/bar"]: "foo/bar" and "foo"',),
            ),
            "different organisations": Case(
                "managed-webhooks", "managed_webhooks: {org_repo_config: {foo: {}, bar/foo: {}}}"
            ),
            "not verified": Case(
                "validate-owners", plugins="plugins: {a: {plugins: [approve]}}", found=("plugins.a: a: plugins that",)
            ),
            "verified": Case("validate-owners", plugins="plugins: {a: {plugins: [approve, verify-owners]}}"),
            "no trigger": Case(
                "missing-trigger", "", jobs("j"), found=('jobs.yaml:2: presubmits["a/r"]: a/r: has jobs, but',)
            ),
            "trigger for the organisation": Case(
                "missing-trigger", "", jobs("j"), "plugins: {a: {plugins: [trigger]}}"
            ),
            "trigger, but not there": Case(
                "missing-trigger",
                "",
                jobs("j"),
                "plugins: {a: {plugins: [trigger], excluded_repos: [r]}}",
                ("a/r: has jobs",),
            ),
            "no address": Case(
                "validate-urls", "status_error_link: ':x'", found=('config.yaml:1: status_error_link: ":x" begins',)
            ),
            "of config.yaml": Case("unknown-fields", "plank: {a: b}", "a: b", found=("config.yaml:1: plank.a: is no",)),
            "of plugins.yaml": Case(
                "unknown-fields", plugins="plugins: {}\nsize: {a: b}", found=("plugins.yaml:2: size.a: is no known",)
            ),
            "of jobs, too": Case(
                "unknown-fields-all", "plank: {a: b}", "b: c", found=("plank.a", "jobs.yaml:1: b: is no known field")
            ),
            "for Jenkins": Case(
                "validate-cluster-field",
                "",
                "presubmits: {a/r: [{name: j, agent: jenkins, cluster: c}]}",
                found=('jobs.yaml:1: presubmits["a/r"][0].cluster: "c" cannot be set',),
            ),
            "unmanaged, with settings": Case(
                "validate-unmanaged-branchconfig-has-no-subconfig",
                "branch-protection:\n  orgs:\n    a: {unmanaged: true, protect: true}",
                found=("config.yaml:3: branch-protection.orgs.a.unmanaged: a is unmanaged, but has settings",),
            ),
            "unmanaged, with a repository": Case(
                "validate-unmanaged-branchconfig-has-no-subconfig",
                "branch-protection: {orgs: {a: {unmanaged: true, repos: {r: {protect: true}}}}}",
                found=("branch-protection.orgs.a.repos.r: a/r has settings, but a is unmanaged",),
            ),
            "unmanaged everywhere": Case(
                "validate-unmanaged-branchconfig-has-no-subconfig",
                "branch-protection: {unmanaged: true, orgs: {a: {protect: true}}}",
                found=("branch-protection.orgs.a: a has settings, but all are unmanaged",),
            ),
            "an unmanaged branch": Case(
                "validate-unmanaged-branchconfig-has-no-subconfig",
                "branch-protection: {orgs: {a: {repos: {r: {branches: {b: {unmanaged: true, protect: true}}}}}}}",
                found=("branches.b: b in a/r is unmanaged, but has settings",),
            ),
            "restricted and additional": Case(
                "validate-label",
                plugins="label: {additional_labels: [l], restricted_labels: {a: [{label: l}, {label: ''}]}}",
                found=(
                    'label.restricted_labels.a[0].label: "l" is restricted',
                    'label.restricted_labels.a[1]: "" is no label',
                ),
            ),
            "no annotation": Case(
                "required-job-annotations",
                "",
                jobs("j"),
                found=('jobs.yaml:3: presubmits["a/r"][0].annotations: j has no annotation "team"',),
            ),
            "of a periodic": Case(
                "periodic-default-clone-config",
                "",
                f"periodics:\n- {{name: p, interval: 1h, clone_depth: 5, {POD}}}",
                found=('jobs.yaml:2: periodics[0].clone_depth: "5" has no effect',),
            ),
            "no repository": Case(
                "validate-config-updater-acls",
                plugins="config_updater: {maps: {f: {name: c, allowed_repos: [a, a/b, a/b/c, /b, '']}}}",
                found=('allowed_repos[2]: "a/b/c"', 'allowed_repos[3]: "/b"', 'allowed_repos[4]: ""'),
            ),
            "another command": Case(
                "allowed-presubmit-trigger",
                "gerrit: {allowed_presubmit_trigger_re: ^/fly}",
                jobs("j"),
                found=('jobs.yaml:3: presubmits["a/r"][0].rerun_command: "/test j" does not match',),
            ),
        }.items()
    ],
)
def test_warning(case: Case) -> None:
    sources = Sources(
        Source("config.yaml", case.config.encode()),
        (Source("jobs.yaml", case.jobs.encode()),),
        Source("plugins.yaml", case.plugins.encode()),
    )
    subject = Subject(load(sources, sections=SECTIONS), sources, required_annotations=("team",))
    found = findings(subject, {case.name})
    assert len(found) == len(case.found), found
    assert all(words in str(finding) for words, finding in zip(case.found, found, strict=True)), found
    assert {finding.kind for finding in found} <= {case.name}


def test_clusters_that_plank_does_not_know() -> None:
    sources = Sources(Source("config.yaml", b""), (Source("jobs.yaml", jobs("j", more="cluster: far").encode()),))
    known = Subject(load(sources), sources, clusters={"default": "Reachable", "far": "Unreachable"})
    unknown = Subject(load(sources), sources, clusters={"default": "Reachable"})
    assert findings(known, {"validate-cluster-field"}) == []
    (finding,) = findings(unknown, {"validate-cluster-field"})
    assert str(finding) == 'jobs.yaml:3: presubmits["a/r"][0].cluster: "far" is no build cluster that plank knows'


@pytest.mark.parametrize(
    "path, text, found",
    [
        pytest.param("more/a/x.yaml", "tide: {queries: [{orgs: [a]}]}", "", id="an organisation's"),
        pytest.param("more/a/r/x.yaml", "tide: {merge_method: {a/r: squash}}", "", id="a repository's"),
        pytest.param("more/x.yaml", "tide: {queries: [{orgs: [a]}, {orgs: [b]}]}", "", id="anyone's"),
        pytest.param("more/a/x.yaml", "tide: {queries: [{orgs: [b]}]}", "for a, but holds b", id="another's"),
        pytest.param("more/a/x.yaml", "slack_reporter_configs: {'*': {channel: c}}", "what is for all", id="for all"),
        pytest.param("more/a/r/x.yaml", "tide: {queries: [{orgs: [a]}]}", "for a/r, but holds a", id="more than its"),
        pytest.param("more/a/r/s/x.yaml", "tide: {queries: [{orgs: [a]}]}", "too deep", id="too deep"),
    ],
)
def test_where_supplemental_files_lie(path: str, text: str, found: str) -> None:
    sources = Sources(Source("config.yaml", b""), supplemental=(Source(path, text.encode()),))
    subject = Subject(load(sources), sources, folders=Folders(prow=("more",)))
    messages = [str(finding) for finding in findings(subject, {"validate-supplemental-prow-config-hierarchy"})]
    assert len(messages) == bool(found)
    assert all(found in message and message.startswith(path) for message in messages)


def test_where_supplemental_plugins_lie() -> None:
    text = b"plugins: {a: {plugins: [hold]}, b/r: {plugins: [hold]}}\nlgtm: [{repos: [c]}]"
    sources = Sources(
        Source("config.yaml", b""),
        plugins=Source("plugins.yaml", b""),
        supplemental_plugins=(Source("p/a/x.yaml", text),),
    )
    subject = Subject(load(sources, sections=SECTIONS), sources, folders=Folders(plugins=("p",)))
    (finding,) = findings(subject, {"validate-supplemental-prow-config-hierarchy"})
    assert finding.message == "must hold only what is for a, but holds b/r, c"


@pytest.mark.parametrize(
    "arguments, some, others",
    [
        pytest.param(([], []), {"mismatched-tide", "long-job-names"}, {"valid-decoration-config"}, id="the usual"),
        pytest.param((["long-job-names"], []), {"long-job-names"}, {"unknown-fields"}, id="only one"),
        pytest.param(([], ["long-job-names"]), {"unknown-fields"}, {"long-job-names"}, id="all but one"),
        pytest.param(
            (["unknown-fields-all", "unknown-fields"], []),
            {"unknown-fields-all"},
            {"unknown-fields"},
            id="the wider one",
        ),
        pytest.param(
            (["validate-supplemental-prow-config-hirarchy"], []),
            {"validate-supplemental-prow-config-hierarchy"},
            {"unknown-fields"},
            id="as it was once spelt",
        ),
    ],
)
def test_which_are_given(arguments: tuple[list[str], list[str]], some: set[str], others: set[str]) -> None:
    found = chosen(*arguments)
    assert some <= found and not others & found


def test_all_of_them() -> None:
    superseded = {"mismatched-tide-lenient", "unknown-fields"}
    assert chosen([], [], expensive=True) == EVERY.keys() - superseded
    assert set(NEED_GITHUB) <= EVERY.keys()
    assert "long-job-names" in chosen(["valid-decoration-config"], [], with_defaults=True)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(LookupError, match='no such warning "long-names"; there is mismatched-tide'):
        chosen(["long-names"], [])
