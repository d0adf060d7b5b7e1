"""HTML of others, made harmless: help texts hold some, and an external plugin may say anything.

What stands for itself (lists, code, emphasis, line breaks, links to the web) stays, without attributes. Of other tags
the text is shown, and what is no tag of HTML (`/test <job>`) is shown as it was written. What goes out is well-formed.
"""

from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from markupsafe import Markup

KEPT = frozenset({"a", "b", "blockquote", "code", "em", "i", "li", "ol", "p", "pre", "strong", "ul"})
ALONE = frozenset({"br"})
_OTHER = """
    abbr article aside audio body button center cite dd del details div dl dt embed font footer form h1 h2 h3 h4 h5 h6
    head header hr html img input ins kbd label link main mark meta nav object option q s samp section select small span
    sub summary sup svg table tbody td textarea tfoot th thead tr tt u var video
"""
DROPPED = frozenset(_OTHER.split())
UNSEEN = frozenset({"script", "style", "title", "template", "iframe", "noscript"})
"""Tags whose text nobody is meant to read."""
LONGEST = 20_000
"""Characters of one text that are looked at."""
MOST_NESTED = 12


def harmless(html: str) -> Markup:
    """The text, to be put into a page as it is."""
    cleaner = _Cleaner()
    cleaner.feed(html[:LONGEST])
    cleaner.close()
    return Markup(cleaner.whole())  # noqa: S704 - made of what is escaped, and of the tags below


class _Cleaner(HTMLParser):
    """Writes what it may, and remembers what is open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._written: list[str] = []
        self._open: list[str] = []
        self._unseen: list[str] = []

    def whole(self) -> str:
        return "".join((*self._written, *(f"</{tag}>" for tag in reversed(self._open))))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen.append(tag)
        elif self._unseen:
            return
        elif tag in ALONE:
            self._written.append(f"<{tag}>")
        elif tag in KEPT:
            if len(self._open) < MOST_NESTED:
                self._open.append(tag)
                self._written.append(_link(dict(attrs).get("href") or "") if tag == "a" else f"<{tag}>")
        elif tag not in DROPPED:
            self._written.append(escape(self.get_starttag_text() or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            del self._unseen[self._unseen.index(tag) :]
        elif not self._unseen and tag in self._open:
            while True:
                last = self._open.pop()
                self._written.append(f"</{last}>")
                if last == tag:
                    return

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._written.append(escape(data))


def _link(address: str) -> str:
    """The beginning of a link to the web; of one that leads nowhere where it would lead elsewhere."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "<a>"
    is_web = parts.scheme in {"http", "https"} and parts.netloc
    return f'<a href="{escape(address)}" rel="noreferrer nofollow">' if is_web else "<a>"
