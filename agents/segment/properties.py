"""Which property of a source feeds which field of a fact, and how it is read. One table, one reader per field."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec

from agents.segment import values as v
from agents.segment.values import RefusedError, snake
from schemas.facts import Happened
from schemas.problem import Refusal

Reader = Callable[[object, str], Any]

_BASES: Final = {
    "consent": "consent",
    "legitimate_interest": "legitimate_interest",
    "legitimate_interests": "legitimate_interest",
    "contract": "contract",
}
# SendGrid says bounce or blocked, SES permanent, transient or undetermined
_BOUNCES: Final = {"hard": "hard", "permanent": "hard", "bounce": "hard"} | dict.fromkeys(
    ("soft", "transient", "undetermined", "blocked", "block"), "soft"
)


_WHY: Final = {
    "bot": "bot",
    "machine": "bot",
    "corrected": "corrected",
    "correction": "corrected",
    "unmerged": "unmerged",
    "merge_undone": "unmerged",
    "erased": "erased",
    "erasure": "erased",
}


def _why(value: object, what: str) -> str:
    return v.one_of(value, what, _WHY)


def _basis(value: object, what: str) -> str:
    return v.one_of(value, what, _BASES)


def _bounce(value: object, what: str) -> str:
    return v.one_of(value, what, _BOUNCES)


READERS: Final[dict[str, Reader]] = {
    "basis": _basis,
    "wording": v.name,
    "expires": v.moment,
    "form": v.name,
    "requested": v.name,
    "content": v.name,
    "webinar": v.name,
    "minutes": v.minutes,
    "path": v.path,
    "url": v.url,
    "title": v.prose,
    "message": v.prose,
    "send_key": v.name,
    "email": v.name,
    "reason": v.prose,
    "machine": v.flag,
    "engagement": v.ids,
    "why": _why,
    "asks_for_contact": v.flag,
    "kind": _bounce,
    "handoff_id": v.name,
    "by": v.name,
    "opportunity": v.name,
    "currency": v.name,
    "stage": v.name,
    "amount": v.cents,
    "margin": v.cents,
    "expected_close": v.moment,
}

# Other people's names for our fields, in the order of preference after our own.
_ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "form": ("form_id", "form_name"),
    "requested": ("requested_email",),
    "wording": ("wording_version", "consent_version"),
    "expires": ("expires_at",),
    "content": ("content_id", "content_name", "file_name", "asset"),
    "webinar": ("webinar_id", "webinar_name"),
    "minutes": ("duration_minutes",),
    "path": ("url",),
    "email": ("email_id", "template_id"),
    "url": ("link_url", "link"),
    "machine": ("machine_open", "sg_machine_open"),
    "engagement": ("message_ids", "message_id"),
    "why": ("reason",),
    "kind": ("bounce_type", "type", "classification"),
    "handoff_id": ("handoff",),
    "by": ("owner", "rep", "sales_rep"),
    "opportunity": ("opportunity_id", "deal", "deal_id"),
    "stage": ("stage_name", "deal_stage"),
    "reason": ("lost_reason",),
    "expected_close": ("expected_close_date", "close_date"),
}
OURS: Final = ("client",)  # made of the message's network address, never taken from its properties
_MAJOR_UNITS: Final = ("revenue", "value", "total")  # Segment's amounts: 12.50, in the currency's major unit


@cache
def _plan(shape: type[Happened]) -> tuple[tuple[str, tuple[str, ...], Reader, bool], ...]:
    own = {field.name: field for field in msgspec.structs.fields(shape)}
    return tuple(
        (name, (name, *_ALIASES.get(name, ())), READERS[name], own[name].required)
        for name in own
        if name not in (*Happened.__struct_fields__, *OURS)
    )


def spellings_of(shape: type[Happened]) -> list[tuple[tuple[str, ...], bool]]:
    """Each property that feeds the shape: the names that it may have, and whether it must be there."""
    return [(spellings, required) for _, spellings, _, required in _plan(shape)]


def fields_of(shape: type[Happened], given: dict[str, Any], event: str) -> dict[str, Any]:
    """The fields of ``shape`` that a message's properties fill. Null and unknown properties are left out.

    Raises RefusedError: a required one is missing, or one has a value that cannot be read.
    """
    known = {snake(key): value for key, value in given.items() if value is not None}
    if "@" in str(known.get("email", "")):
        del known["email"]  # in many feeds the reader's address; here it would be the name of one of our e-mails
    found = {}
    for field, spellings, reader, _ in _plan(shape):
        for spelling in spellings:
            if spelling in known:
                found[field] = reader(known[spelling], f'the property "{spelling}"')
                break
    if "amount" in shape.__struct_fields__ and "amount" not in found:
        found |= _paid(known, str(found.get("currency", "")))
    for field, _, _, required in _plan(shape):
        if required and found.get(field, "") == "":
            raise RefusedError(Refusal.WRONG_SHAPE, f'{event}: found no property "{field}", expected one with a value')
    return found


def _paid(known: dict[str, Any], currency: str) -> dict[str, int]:
    for spelling in _MAJOR_UNITS:
        if spelling in known:
            return {"amount": v.minor_units(known[spelling], currency, f'the property "{spelling}"')}
    return {}
