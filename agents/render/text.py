"""HTML of an e-mail's body -> the plain-text part, as a person would type it. It knows what Markdown and MJML make."""

import re
from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "hr"})
_BOXES: Final = {"table": 2, "div": 1, "tr": 1, "td": 1}
_UNSEEN: Final = frozenset({"head", "style", "title"})
_BLANKS: Final = re.compile(r"\s+")


def text_of_html(html: str) -> str:
    """Paragraphs apart by an empty line, lists with marks, links as ``text (url)``, emphasis dropped."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts).strip()


class _Reader(HTMLParser):
    """Gathers the text in ``parts``, line breaks apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._lists: list[int | None] = []  # the next number of each open list; None for a list with dashes
        self._link = ("", 0)  # where it leads, and the part at which its text begins
        self._unseen = 0  # how deep in what nobody sees
        self._quote = 0  # the part at which the quotation begins

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self._break(1 if self._lists else 2)
        elif tag in _BOXES:
            self._break(_BOXES[tag])
        match tag:
            case "a":
                self._link = (given.get("href", ""), len(self.parts))
            case "ul" | "ol":
                self._lists.append(int(given.get("start") or 1) if tag == "ol" else None)
            case "li":
                self._break(1)
                self.parts.append(self._mark())
            case "blockquote":
                self._quote = len(self.parts)
            case "br":
                self._break(1)
            case "img":
                self.parts.append(given.get("alt", ""))
            case "hr":
                self.parts.append("* * *")

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "a":
                self._close_link()
            case "ul" | "ol":
                self._lists.pop()
            case "blockquote":
                quoted = "".join(self.parts[self._quote :]).strip()
                self.parts[self._quote :] = ["> " + quoted.replace("\n", "\n> ")]
        self._unseen -= tag in _UNSEEN
        if tag in _BLOCKS:
            self._break(1 if self._lists else 2)
        elif tag in _BOXES:
            self._break(_BOXES[tag])

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        text = _BLANKS.sub(" ", data)  # a line break in the source is the author's wrapping
        fresh = not self.parts or self.parts[-1].endswith(("\n", " "))
        text = text.lstrip() if fresh else text
        if text:
            self.parts.append(text)

    def _mark(self) -> str:
        number = self._lists[-1]
        sign = "-" if number is None else f"{number}."
        self._lists[-1] = None if number is None else number + 1
        return f"{'  ' * (len(self._lists) - 1)}{sign} "

    def _close_link(self) -> None:
        url, begin = self._link
        said, shown = "".join(self.parts[begin:]).strip(), url.removeprefix("mailto:")
        if url and said != shown:
            self.parts.append(f" ({shown})")

    def _break(self, lines: int) -> None:
        if not self.parts or (self._lists and self.parts[-1].endswith(("- ", ". "))):
            return  # a loose list's item begins with a paragraph, which stays on the item's line
        if self.parts[-1].startswith("\n"):
            self.parts[-1] = "\n" * max(lines, len(self.parts[-1]))
        else:
            self.parts[-1] = self.parts[-1].rstrip(" ")
            self.parts.append("\n" * lines)
