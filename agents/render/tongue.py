"""In which language a lead is written to, and how words, dates and numbers are said in it. It writes no letter."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal
from msgspec import Struct

from agents.render.language import FILTERS, Sandbox, language, literal, over_holes, printable
from agents.render.plain import UnfitError
from schemas.brand import Brand


class Tongue(Struct, frozen=True):
    """A locale, as ``de`` or ``de-AT``, and the three dialects of the template language that speak it."""

    locale: str
    markdown: Sandbox
    html: Sandbox
    text: Sandbox


def tongue(locale: str, said: Mapping[str, str]) -> Tongue:
    """The template language in a locale; ``said`` gives a layout's words in it, by what the layout says.

    Dates and numbers of a locale that nobody knows (``nurture check`` tells) are English ones.
    """
    known = locale_of(locale) or Locale("en", "GB")

    def date(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnfitError("something else than a moment is shown as a date; show it as it is")
        try:
            return format_date(datetime.fromtimestamp(value / 1000, UTC), "long", known)
        except (ValueError, ArithmeticError, OSError):
            raise UnfitError("a moment that no calendar has is shown as a date; expected milliseconds") from None

    def number(value: Any) -> str:
        if not isinstance(value, int | float):
            raise UnfitError("a text is shown as a number; show it as it is")
        return format_decimal(value, locale=known)

    own = {"date": date, "number": number, "t": lambda text: said.get(text, text)}
    filters = FILTERS | {name: over_holes(filter_) for name, filter_ in own.items()}
    return Tongue(
        locale,
        markdown=language(literal, filters, escape=True),
        html=language(printable, filters, escape=True),
        text=language(printable, filters, escape=False),
    )


def locale_of(name: str) -> Locale | None:
    """The locale as Unicode describes it, None when it does not."""
    try:
        return Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


def wishes(traits: Mapping[str, Any], brand: Brand) -> Iterator[str]:
    """The lead's own locale, its language, what its country usually reads, and the brand's: most wanted first."""
    country = str(traits.get("country", "")).upper()
    for wish in (traits.get("locale"), brand.locales.get(country), brand.locale):
        if isinstance(wish, str) and wish:
            yield from family(wish)


def family(locale: str) -> Iterator[str]:
    """A locale and its language: ``de-AT``, then ``de``."""
    language_, _, region = locale.replace("_", "-").partition("-")
    if region:
        yield f"{language_.lower()}-{region.upper()}"
    yield language_.lower()


def chosen(traits: Mapping[str, Any], brand: Brand, written: Collection[str]) -> str:
    """The locale of ``written``, an e-mail's translations, that suits a lead best; "" for the e-mail as it is."""
    own = set(family(brand.locale))
    for wish in wishes(traits, brand):
        if wish in written:
            return wish
        if wish in own:
            break
    return ""
