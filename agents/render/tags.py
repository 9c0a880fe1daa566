"""Links to our own site say where they stood (UTM): program, step and variant. Every other link stays as it is."""

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_LINK: Final = re.compile(r'(<a\s[^>]*?href=")([^"]*)')


def tagged(html: str, website: str, tags: Mapping[str, str], *, but: str = "") -> str:
    """The HTML with ``tags`` in each link to the host of ``website`` or below it; never in the link ``but``.

    What an author wrote into a link's query stays, and wins over a tag of the same name.
    """
    ours = (urlsplit(website).hostname or "").removeprefix("www.")

    def tag(found: re.Match[str]) -> str:
        url = unescape(found[2])
        return found[0] if url == but or not _is_ours(url, ours) else found[1] + escape(_with(url, tags))

    return _LINK.sub(tag, html) if tags and ours else html


def _is_ours(url: str, ours: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return url.startswith("https:") and (host == ours or host.endswith(f".{ours}"))


def _with(url: str, tags: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    added = urlencode({name: value for name, value in tags.items() if name not in asked})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))
