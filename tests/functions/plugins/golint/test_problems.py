"""What golint prints, and how its problems are mended."""

import pytest

from functions.plugins.golint.problems import Problem, printed, suggestion


def test_printed() -> None:
    output = "./pkg/a:b.go:2:5: exported var X should have comment\nFound it\n./other.go:1:1: no\n./pkg/a:b.go:9: end\n"
    assert printed(output, "pkg/a:b.go", b"package a\nvar X = 1\n") == [
        Problem(line=2, text="exported var X should have comment", source="var X = 1"),
        Problem(line=9, text="end"),
    ]


GUIDE = "https://golang.org/wiki/CodeReviewComments"


@pytest.mark.parametrize(
    "text, kind",
    [
        ("exported function F should have comment or be unexported", f"comments|{GUIDE}#doc-comments"),
        ("exported const A should have its own declaration", "comments|"),
        ("don't use ALL_CAPS in Go names; use CamelCase", f"naming|{GUIDE}#mixed-caps"),
        ("var Url should be URL", f"naming|{GUIDE}#initialisms"),
        ("should replace x += 1 with x++", "unary-op|"),
        ("should replace errors.New(fmt.Sprintf(...)) with fmt.Errorf(...)", "errors|"),
        ("error should be the last type when returning multiple items", "arg-order|"),
        ("something that nobody has heard of", "style|"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    name, _, link = kind.partition("|")
    more = f" [More info]({link})." if link else ""
    assert Problem(line=1, text=text).words == f"Golint {name}: {text}.{more} "


OMIT = "this loop is equivalent to"


@pytest.mark.parametrize(
    "text, before, after",
    [
        pytest.param(
            "don't use underscores in Go names; var foo_bar should be fooBar",
            "\tfoo_bar := foo_bar + 1",
            "\tfooBar := fooBar + 1",
            id="underscores",
        ),
        pytest.param("don't use underscores in Go names; var _ should be x", "\t_ := 1", "", id="no name in it"),
        pytest.param(
            "don't use ALL_CAPS in Go names; use CamelCase", "const FOO_BAR2 = 1", "const FooBar2 = 1", id="capitals"
        ),
        pytest.param(
            "type name will be used as foo.FooBar by other packages, and that stutters; consider calling this Bar",
            "type FooBar struct {",
            "type Bar struct {",
            id="a name that stutters",
        ),
        pytest.param(
            "should replace errors.New(fmt.Sprintf(...)) with fmt.Errorf(...)",
            '\treturn errors.New(fmt.Sprintf("%d", f(x)))',
            '\treturn fmt.Errorf("%d", f(x))',
            id="an error's text",
        ),
        pytest.param(
            "should replace errors.New(fmt.Sprintf(...)) with fmt.Errorf(...)",
            "\treturn errors.New(fmt.Sprintf(",
            "",
            id="an error's text that goes on below",
        ),
        pytest.param(
            f"should omit 2nd value from range; {OMIT} `for i := range ...`",
            "\tfor i, _ := range xs {",
            "\tfor i := range xs {",
            id="the second value",
        ),
        pytest.param(
            f"should omit values from range; {OMIT} `for range ...`",
            "\tfor _ = range xs {",
            "\tfor range xs {",
            id="all values",
        ),
        pytest.param(
            "should omit type int from declaration of var x; it will be inferred from the right-hand side",
            "var x int = int(y) // an integer",
            "var x = int(y) // an integer",
            id="a type",
        ),
        pytest.param(
            "should drop = 0 from declaration of var x; it is the zero value",
            "var x int = 0",
            "var x int",
            id="a zero",
        ),
        pytest.param("exported function F should have comment or be unexported", "func F() {}", "", id="no way"),
    ],
)
def test_suggestions(text: str, before: str, after: str) -> None:
    wanted = f"```suggestion\n{after}\n```\n" if after else ""
    assert suggestion(Problem(line=1, text=text, source=before)) == wanted
