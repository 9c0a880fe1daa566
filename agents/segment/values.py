"""One foreign value at a time into one of ours, or a refusal with a sentence. It knows no message and no fact."""

import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email

from schemas.problem import Refusal, Rejected
from schemas.units import DAY
from schemas.words import counted

MOST_TEXT: Final = 200
MOST_PROSE: Final = 2_000
MOST_IDS: Final = 100
MOST_ADDRESS: Final = 254  # RFC 5321's path, without its brackets
_MOST_INTEGER: Final = 2**63 - 1  # what MessagePack, and every database behind us, can hold
_YEAR_2000: Final = 946_684_800_000
_YEAR_2100: Final = 4_102_444_800_000
_SECONDS_END: Final = (
    100_000_000_000  # a smaller epoch is in seconds (until the year 5138), a larger one in milliseconds
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
# What breaks a header or turns a line of text around: C0, C1, the Unicode line ends and the bidirectional overrides.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\W+")
_YES_NO: Final = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}
# ISO 4217: currencies whose minor unit is not a hundredth
_EXPONENT: Final = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND"), 0
) | (dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3))


class RefusedError(Exception):
    """A value that cannot be taken. It stays inside the border: who reads a message returns its ``rejected``."""

    def __init__(self, reason: Refusal, detail: str) -> None:
        self.rejected = Rejected(reason, detail)
        super().__init__(detail)


def wrong(what: str, value: object, expected: str) -> RefusedError:
    """A value of the wrong shape; the sentence names its kind, never the value, which may be somebody's."""
    return RefusedError(Refusal.WRONG_SHAPE, f"found {kind_of(value)} as {what}, expected {expected}")


def kind_of(value: object) -> str:
    """What JSON calls a value."""
    names = {bool: "yes or no", int: "a number", float: "a number", dict: "an object", list: "a list", str: "a text"}
    return "null" if value is None else names.get(type(value), "something else")


def clean(value: str, what: str) -> str:
    """The text, when nothing in it could break a header or a line."""
    if not value.isprintable() and (found := _CONTROL.search(value)):
        point = f"U+{ord(found[0]):04X}"
        raise RefusedError(
            Refusal.CONTROL_CHARACTER, f"found the control character {point} in {what}, expected plain text"
        )
    return value


def name(value: object, what: str) -> str:
    """A name or an id: a clean text of at most 200 characters, longer is refused. Whole numbers are names too."""
    if type(value) is int:
        value = str(whole(value, what))
    if type(value) is not str:
        raise wrong(what, value, "a text")
    if len(value) > MOST_TEXT:
        raise RefusedError(
            Refusal.WRONG_SHAPE, f"found {counted(len(value), 'character')} in {what}, expected at most {MOST_TEXT}"
        )
    return clean(value, what).strip()


def ids(value: object, what: str) -> tuple[str, ...]:
    """Ids of events, one or up to 100 of them, without repeats."""
    found = value if type(value) is list else [value]
    if not 1 <= len(found) <= MOST_IDS:
        raise RefusedError(Refusal.WRONG_SHAPE, f"found {len(found):,} ids as {what}, expected 1 to {MOST_IDS}")
    names = tuple(dict.fromkeys(name(one, what) for one in found))
    if "" in names:
        raise wrong(what, "", "the messageId of what is taken back")
    return names


def url(value: object, what: str) -> str:
    """A URL or a path: clean, cut at 2,000 characters."""
    if type(value) is not str:
        raise wrong(what, value, "a path or a URL")
    return clean(value[:MOST_PROSE], what).strip()


def path(value: object, what: str) -> str:
    """A page's path, also out of a whole URL; the query is left out: it says who came and how, not what was read."""
    text = url(value, what).partition("?")[0].partition("#")[0]
    _, scheme, rest = text.partition("://")
    return "/" + rest.partition("/")[2] if scheme else text


def prose(value: object, what: str) -> str:
    """Free text on one line, cut at 2,000 characters: line ends are usual here and become spaces."""
    if type(value) is not str:
        raise wrong(what, value, "a text")
    return " ".join(_CONTROL.sub(" ", value[:MOST_PROSE]).split())


def whole(value: object, what: str) -> int:
    """A whole number of at most 63 bits, or digits."""
    if type(value) is str and re.fullmatch(r"-?[0-9]{1,18}", value):
        value = int(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or abs(value) > _MOST_INTEGER:
        raise wrong(what, value, "a whole number of at most 63 bits")
    return value


def minutes(value: object, what: str) -> int:
    """A length of time in whole minutes; fractions are dropped."""
    return whole(math.floor(value) if type(value) is float and math.isfinite(value) else value, what)


def cents(value: object, what: str) -> int:
    """An amount in minor units, as ``amount`` has it."""
    try:
        return whole(value, what)
    except RefusedError:
        raise wrong(
            what, value, "a whole number of cents (for 12.50 write 1250, or name the property revenue)"
        ) from None


def minor_units(value: object, currency: str, what: str) -> int:
    """An amount in major units (``12.50``), as Segment's ``revenue`` and ``value`` have it, in minor units."""
    try:
        amount = Decimal(str(value)) if type(value) in (int, float, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or abs(amount.adjusted()) > 15:
        raise wrong(what, value, "an amount such as 12.50")
    return round(amount.scaleb(_EXPONENT.get(currency.upper(), 2)))


def flag(value: object, what: str) -> bool:
    """Yes or no, as a boolean, 0, 1 or a word."""
    if type(value) is bool:
        return value
    answer = _YES_NO.get(str(value).strip().lower()) if type(value) in (int, str) else None
    if answer is None:
        raise wrong(what, value, "yes or no")
    return answer


def moment(value: object, what: str) -> int:
    """ISO 8601 (a time without a zone is UTC), or an epoch in seconds or milliseconds, as milliseconds."""
    try:
        at = _epoch(float(value)) if type(value) in (int, float) or _is_digits(value) else _iso(value)  # type: ignore[arg-type]
    except (ValueError, OverflowError, TypeError):
        at = -1
    if not _YEAR_2000 <= at < _YEAR_2100:
        expected = "expected ISO 8601 or an epoch between the years 2000 and 2100"
        raise RefusedError(Refusal.BAD_TIME, f"found {kind_of(value)} that is no usable time as {what}, {expected}")
    return at


def happened(value: object, seen: int) -> int:
    """When a message says it happened: at most a day after we saw it (clocks differ), or ``seen`` when it is silent."""
    if value is None:
        return seen
    at = moment(value, "timestamp")
    if at > seen + DAY:
        days = (at - seen) / DAY
        raise RefusedError(
            Refusal.BAD_TIME, f"found a timestamp {days:,.1f} days in the future, expected at most 1 day"
        )
    return at


def _is_digits(value: object) -> bool:
    return type(value) is str and value.isascii() and value.isdigit() and len(value) >= 9  # fewer are a date


def _epoch(number: float) -> int:
    return round(number * 1000 if number < _SECONDS_END else number)


def _iso(value: object) -> int:
    if type(value) is not str:
        raise TypeError
    when = datetime.fromisoformat(value)
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def one_of(value: object, what: str, words: dict[str, str]) -> str:
    """One of a few words, spelled in any case, with spaces, hyphens or underscores; ``words`` may hold synonyms."""
    found = words.get(snake(value)) if type(value) is str and len(value) <= MOST_TEXT else None
    if found is None:
        raise wrong(what, value, "one of " + ", ".join(dict.fromkeys(words.values())))
    return found


def snake(text: str) -> str:
    """``firstName``, ``First Name`` and ``first-name`` are all ``first_name``."""
    return _snake(text) if len(text) <= MOST_TEXT else _snake(text[: MOST_TEXT + 1])


@lru_cache(maxsize=8192)
def _snake(text: str) -> str:
    return _HUMP.sub("_", unicodedata.normalize("NFKC", text)).strip("_").lower()


def looks_like_an_address(text: str) -> bool:
    """An ``@`` between two other characters: enough to treat it as personal data."""
    return "@" in text[1:-1]


def address(value: str, what: str) -> str:
    """The address, normalised, as a provider can deliver to it. Refused: BAD_ADDRESS, without the address."""
    found = _address(value.strip()) if len(value) <= MOST_ADDRESS else None
    if found is None:
        expected = "expected an e-mail address such as name@example.com"
        raise RefusedError(Refusal.BAD_ADDRESS, f"found {len(value)} characters as {what} that are none, {expected}")
    return found


@lru_cache(maxsize=8192)  # 20 µs each, and most leads write more than once
def _address(text: str) -> str | None:
    # No DNS is asked. test_environment lets domains ending in .test pass (RFC 2606): demos and tests need them, and no
    # mail can reach them; .invalid, .local and localhost stay refused. SendGrid has no SMTPUTF8, so local parts beyond
    # ASCII are refused; domains beyond ASCII come back in their ASCII form.
    try:
        found = validate_email(
            text, check_deliverability=False, test_environment=True, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError:
        return None
    return found.ascii_email
