"""What the help says of each plugin's configuration."""

import pytest

from functions.plugins.configured import configured
from tests.functions.plugins.scene import configuration

ROCKET = [("acme", "rocket")]


@pytest.mark.parametrize(
    "plugin, settings, key, says",
    [
        pytest.param(
            "approve",
            "",
            "acme/rocket",
            "Pull requests do not require an associated issue.<br>Pull request authors implicitly approve",
            id="approve, by default",
        ),
        pytest.param(
            "approve",
            "approve: [{repos: [acme], issue_required: true, lgtm_acts_as_approve: true}]",
            "acme/rocket",
            "Pull requests require an associated issue.<br>",
            id="approve",
        ),
        pytest.param(
            "lgtm",
            "lgtm: [{repos: [acme/rocket], store_tree_hash: true, trusted_team_for_sticky_lgtm: t<}]",
            "acme/rocket",
            '<li>Commits from "t&lt;" do not remove lgtm.</li>',
            id="lgtm",
        ),
        pytest.param(
            "trigger", "", "acme/rocket", 'The trusted GitHub organization for this repository is "acme".', id="trigger"
        ),
        pytest.param(
            "dco",
            "dco: {acme: {skip_dco_check_for_members: true}}",
            "acme/rocket",
            "Commits of members need no sign-off.",
            id="dco",
        ),
        pytest.param(
            "welcome",
            "welcome: [{repos: [acme], message_template: 'Hi <b>{{.AuthorLogin}}'}]",
            "acme/rocket",
            "template: Hi &lt;b&gt;{{.AuthorLogin}}.",
            id="welcome",
        ),
        pytest.param(
            "blunderbuss",
            "blunderbuss: {request_count: 3}",
            "",
            "blunderbuss is currently configured to request reviews from 3 reviewers.",
            id="blunderbuss",
        ),
        pytest.param("rifle", "rifle: {request_count: 1}", "", "from 1 reviewer.", id="rifle"),
        pytest.param("golint", "", "", "problems with a minimum confidence of 0.800000.", id="golint"),
        pytest.param(
            "size",
            "size: {s: 5, m: 6, l: 7, xl: 8, xxl: 9}",
            "",
            "<li>size/XS: 0-4</li>\n<li>size/S: 5-5</li>",
            id="size",
        ),
        pytest.param(
            "label",
            "label: {additional_labels: [api-review]}",
            "",
            '"kind/*", "priority/*", "area/*" and "api-review/*" labels.',
            id="label",
        ),
        pytest.param(
            "path-label",
            "path_labels: [{repos: [acme], labels: {a: ['^a/', '[.]md$']}}, {repos: [acme/rocket], labels: {b: [x<]}}]",
            "acme/rocket",
            "<li><code>a</code>: <code>^a/</code> <code>[.]md$</code></li>\n<li><code>b</code>: <code>x&lt;</code>",
            id="path-label",
        ),
        pytest.param(
            "blockade",
            "blockades: [{repos: [acme], blockregexps: ['^x/'], explanation: moved}]",
            "acme/rocket",
            "<li>moved (blocked: <code>^x/</code>)</li>",
            id="blockade",
        ),
        pytest.param(
            "require-matching-label",
            "require_matching_label: [{org: acme, repo: rocket, branch: b, prs: true, regexp: ^s/, missing_label: x}]",
            "",
            "Applies the 'x' label to 'b' branch PRs in the 'acme/rocket' GitHub repo that have no labels matching ",
            id="require-matching-label",
        ),
        pytest.param("retitle", "retitle: {allow_closed_issues: true}", "", "also allows", id="retitle"),
        pytest.param("sigmention", "", "", "@kubernetes", id="sigmention"),
        pytest.param(
            "heart", "heart: {adorees: [alice, bob], commentregexp: '.*'}", "", "users: alice, bob.", id="heart"
        ),
        pytest.param(
            "cherry-pick-unapproved",
            "cherry_pick_unapproved: {branchregexp: '^r', comment: ask}",
            "",
            "<code>^r</code> as cherry-pick PRs",
            id="cherry-pick-unapproved",
        ),
        pytest.param("cat", "cat: {key_path: /etc/cat}", "", "thecatapi.com stored in /etc/cat.", id="cat"),
        pytest.param(
            "milestone",
            "repo_milestone: {'': {maintainers_team: all, maintainers_id: 7}}",
            "",
            'the GitHub team "all" with ID: 7.',
            id="milestone",
        ),
        pytest.param(
            "milestoneapplier",
            "milestone_applier: {acme/rocket: {main: v1}}",
            "acme/rocket",
            "<li><code>main</code>: <code>v1</code></li>",
            id="milestoneapplier",
        ),
        pytest.param(
            "verify-owners",
            "",
            "",
            "may not contain any of the following banned labels: approved, lgtm.",
            id="verify-owners",
        ),
        pytest.param(
            "verify-owners",
            "owners: {filenames: {acme: {owners: X}}}",
            "acme/rocket",
            "X and ",
            id="verify-owners, other names",
        ),
        pytest.param(
            "config-updater",
            "config_updater: {maps: {'a/*.yaml': {name: jobs}}}",
            "",
            "<code>acme/rocket/a/*.yaml</code> are used to populate the <code>jobs</code>",
            id="config-updater",
        ),
    ],
)
def test_configured(plugin: str, settings: str, key: str, says: str) -> None:
    assert says in configured(plugin, configuration(f"plugins: {{}}\n{settings}"), ROCKET)[key]


@pytest.mark.parametrize("plugin", ["hold", "lgtm", "dco", "cat", "heart", "blockade", "milestone", "milestoneapplier"])
def test_nothing_to_say(plugin: str) -> None:
    assert configured(plugin, configuration("plugins: {}"), ROCKET) == {}
