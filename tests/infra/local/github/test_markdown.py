"""Comments as HTML: what is shown, and that nothing gets through."""

import pytest
from inline_snapshot import snapshot

from infra.local.github.markdown import to_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("one\ntwo", "<p>one<br>\ntwo</p>", id="line break"),
        pytest.param("one\n\ntwo", "<p>one</p>\n<p>two</p>", id="paragraphs"),
        pytest.param("**a** `b`", "<p><strong>a</strong> <code>b</code></p>", id="bold and code"),
        pytest.param("[a](https://x/y?a=1&b=2)", '<p><a href="https://x/y?a=1&amp;b=2">a</a></p>', id="link"),
        pytest.param("see https://x/y.", '<p>see <a href="https://x/y">https://x/y</a>.</p>', id="bare link"),
        pytest.param("@bob: hi", '<p><span class="mention">@bob</span>: hi</p>', id="mention"),
        pytest.param("- a\n- b", "<ul><li>a</li><li>b</li></ul>", id="list"),
        pytest.param("> /hold\n> x", "<blockquote><p>/hold<br>\nx</p></blockquote>", id="quote"),
        pytest.param("```\n<b>\n\n- x\n```", "<pre>&lt;b&gt;\n\n- x</pre>", id="fence"),
        pytest.param("```\nnever closed", "<pre>never closed</pre>", id="open fence"),
        pytest.param("a<!-- test report -->b", "<p>ab</p>", id="HTML comment"),
        pytest.param("<details>\n\nx\n</details>", "<details>\n<p>x</p>\n</details>", id="details"),
        pytest.param("# a", "<h4>a</h4>", id="heading"),
        pytest.param("a | b", "<p>a | b</p>", id="a bar is no table"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_is_shown(text: str, html: str) -> None:
    assert to_html(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '[x](https://x"onmouseover="alert(1))',
        "<details onclick=alert(1)>",
        "`<img src=x onerror=alert(1)>`",
        "a | <b>\n--- | ---\n<i> | [x](javascript:1)",
        "[<img src=x>](https://x)",
        "**<b>**",
    ],
)
def test_nothing_gets_through(text: str) -> None:
    html = to_html(text)
    for known in ("p", "td", "th", "tr", "table", "code", "strong", "br"):
        html = html.replace(f"<{known}>", "").replace(f"</{known}>", "")
    assert "<script" not in html and "<img" not in html and "<b>" not in html and "<i>" not in html
    assert 'href="javascript' not in html and '"onmouseover=' not in html and "<details" not in html


def test_a_results_table() -> None:
    text = "Test name | Commit | Rerun command\n--- | --- | ---\nunit | abc | `/test unit`\n"
    assert to_html(text) == snapshot(
        '<div class="wide"><table><tr><th>Test name</th><th>Commit</th><th>Rerun command</th></tr>'
        "<tr><td>unit</td><td>abc</td><td><code>/test unit</code></td></tr></table></div>"
    )
