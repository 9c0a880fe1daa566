"""Text too faint to read: colour on ground in finished HTML, by the inline styles that mail programs go by.

It knows no file and no template. Where a picture or an unknown colour lies behind, it says nothing.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from msgspec import Struct

Colour = tuple[int, int, int]
_VOID: Final = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "source", "wbr", "area", "base"})
_NAMED: Final = {"white": (255, 255, 255), "black": (0, 0, 0)}
_HEX: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")
_RGB: Final = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
_PIXELS: Final = re.compile(r"(\d+(?:\.\d+)?)px")
LEAST: Final = 4.5
LEAST_LARGE: Final = 3.0
_LARGE: Final = (24.0, 18.66)  # px from which text is large, plain and bold (WCAG 2.2, 1.4.3)


class Faint(Struct, frozen=True):
    """A text, its two colours as #rrggbb, their contrast (1 to 21) and the least that was expected."""

    text: str
    colour: str
    ground: str
    ratio: float
    least: float


class _Look(Struct, frozen=True):
    """What is known of an element: None for a colour that is not."""

    tag: str = ""
    colour: Colour | None = (0, 0, 0)
    ground: Colour | None = (255, 255, 255)
    pixels: float = 16.0
    bold: bool = False
    hidden: bool = False


def faint(html: str) -> Iterator[Faint]:
    """Each text of finished HTML whose contrast is below WCAG's AA: 4.5, or 3 for large text."""
    page = _Page()
    page.feed(html)
    page.close()
    yield from page.found


def colour_of(text: str) -> Colour | None:
    """Red, green and blue of ``#rgb``, ``#rrggbb``, ``rgb(...)``, ``white`` or ``black``; None for anything else."""
    text = text.strip().lower()
    if found := _HEX.fullmatch(text):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    return _NAMED.get(text)


def contrast(one: Colour, other: Colour) -> float:
    """The ratio of two colours' luminance, from 1 (the same) to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Faint] = []
        self._around = [_Look()]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            given = {name: value or "" for name, value in attrs}
            self._around.append(_look(tag, given, self._around[-1]))

    def handle_endtag(self, tag: str) -> None:
        tags = [look.tag for look in self._around]
        if tag in tags:
            del self._around[len(tags) - 1 - tags[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        look, text = self._around[-1], " ".join(data.split())
        if not text or look.hidden or look.colour is None or look.ground is None:
            return
        ratio = contrast(look.colour, look.ground)
        least = LEAST_LARGE if look.pixels >= _LARGE[look.bold] else LEAST
        if ratio < least:
            self.found.append(Faint(text, _written(look.colour), _written(look.ground), ratio, least))


def _look(tag: str, given: dict[str, str], around: _Look) -> _Look:
    style = _style(given.get("style", ""))
    ground = style.get("background") or given.get("bgcolor", "")
    pixels = _PIXELS.fullmatch(style.get("font-size", ""))
    weight = style.get("font-weight", "")
    return _Look(
        tag=tag,
        colour=colour_of(style["color"]) if style.get("color", "inherit") != "inherit" else around.colour,
        ground=colour_of(ground) if ground not in ("", "transparent", "none", "inherit") else around.ground,
        pixels=float(pixels[1]) if pixels else around.pixels,
        bold=weight in ("bold", "600", "700", "800", "900") if weight else around.bold or tag in ("b", "strong", "h1"),
        hidden=around.hidden or style.get("display") == "none" or tag in ("head", "style", "script"),
    )


def _style(text: str) -> dict[str, str]:
    """Declarations by property, as the cascade settles them: the last one wins, after those that are important."""
    plain: dict[str, str] = {}
    important: dict[str, str] = {}
    for part in text.lower().split(";"):
        name, _, value = part.partition(":")
        weight = important if "!important" in value else plain
        name = name.strip().replace("background-color", "background")
        weight[name] = value.replace("!important", "").strip()
    return plain | important


def _written(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
