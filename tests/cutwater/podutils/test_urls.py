"""URLs as Go has them."""

import pytest
from msgspec.structs import replace

from cutwater.podutils import urls


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("gs://bucket/a b", "gs://bucket/a%20b", id="a blank in the path"),
        pytest.param("s3://b/c//d!'()*[x]", "s3://b/c//d!'()*[x]", id="what may stand as it is"),
        pytest.param("https://h/v?q=1#f", "https://h/v?q=1#f", id="query and fragment"),
        pytest.param("HTTP://Host/x", "http://Host/x", id="the scheme is lower case"),
        pytest.param("own/relative", "own/relative", id="no scheme"),
        pytest.param("gs:bucket", "gs:bucket", id="opaque"),
        pytest.param("https://u:p@h/ü", "https://u:p@h/%C3%BC", id="letters outside ASCII"),
    ],
)
def test_written_again(text: str, written: str) -> None:
    assert str(urls.parse(text)) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("https://github.com/o/r.git", "https://t%2Fk:x@github.com/o/r.git"),
        ("//host/x", "//t%2Fk:x@host/x"),
        ("/local/path", "//t%2Fk:x@/local/path"),
        ("no-scheme/o/r", "//t%2Fk:x@no-scheme/o/r"),
    ],
)
def test_with_credentials(text: str, written: str) -> None:
    assert str(replace(urls.parse(text), user=urls.credentials("t/k", "x"))) == written


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("://bucket", "missing protocol scheme"),
        ("http://[::1", "missing ']' in host"),
        ("git@github.com:org/repo.git", "first path segment in URL cannot contain colon"),
        ("http://h/%zz", 'invalid URL escape "%zz"'),
        ("http://h:80a/x", 'invalid port ":80a" after host'),
        ("http://h h/x", 'invalid character " " in host name'),
        ("http://a%20b/x", 'invalid URL escape "%20"'),
        ("a\nb", "net/url: invalid control character in URL"),
    ],
)
def test_what_is_no_url(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"^parse ") as refused:
        urls.parse(text)
    assert str(refused.value).endswith(why)
