"""Rules about claims: an e-mail makes those of claims.yaml only, and none that is withdrawn or no longer valid."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from agents.check.draft import Draft, EmailDraft
from schemas.email import Claim
from schemas.problem import Problem
from schemas.words import one_of

_NOTICE: Final = timedelta(days=14)


def unknown_claim(draft: Draft) -> Iterator[Problem]:
    """A claim stands in claims.yaml, with its evidence.

    What we say is true has evidence, an owner and an end. Write it down in claims.yaml, or do not say it.
    """
    known = _claims(draft)
    for email, index, name in _made(draft):
        if name not in known:
            expected = one_of(name, known) if known else "a file claims.yaml with it"
            yield email.meta.problem(
                ("claims", index), "unknown-claim", f'found the claim "{name}", expected {expected}'
            )


def withdrawn_claim(draft: Draft) -> Iterator[Problem]:
    """What was withdrawn is said no more: every e-mail that makes the claim is stopped.

    Somebody found out that it is not true, or no longer. Take it out of the e-mail, its words as well as its name.
    """
    known = _claims(draft)
    for email, index, name in _made(draft):
        if name in known and known[name].withdrawn:
            message = f'found the claim "{name}", which was withdrawn ({known[name].withdrawn}); expected it taken out'
            yield email.meta.problem(("claims", index), "withdrawn-claim", message)


def wrong_valid_until(draft: Draft) -> Iterator[Problem]:
    """A claim is valid until a day of the calendar.

    A day that does not exist never comes, and nobody would be reminded to renew the evidence.
    """
    for name, claim in _claims(draft).items():
        if draft.claims is not None and _day(claim) is None:
            message = f'found "{claim.valid_until}", expected a day of the calendar, such as 2027-03-31'
            yield draft.claims.problem(("claims", name, "valid_until"), "wrong-valid-until", message)


def expired_claim(draft: Draft, today: date) -> Iterator[Problem]:
    """What is no longer valid is said no more. An error from its day on, a warning 14 days ahead.

    Evidence ages. Its owner renews it and sets another day, or the claim goes.
    """
    known = _claims(draft)
    for email, index, name in _made(draft):
        day = _day(known[name]) if name in known else None
        if day is not None and day - _NOTICE <= today:
            passed = day < today
            message = (
                f'found the claim "{name}", valid until {day}; expected {known[name].owner} to renew its evidence,'
                " or the claim taken out"
            )
            yield email.meta.problem(("claims", index), "expired-claim", message, warning=not passed)


def _claims(draft: Draft) -> dict[str, Claim]:
    return draft.claims.value.claims if draft.claims else {}


def _made(draft: Draft) -> Iterator[tuple[EmailDraft, int, str]]:
    for email in draft.emails.values():
        for index, name in enumerate(email.meta.value.claims):
            yield email, index, name


def _day(claim: Claim) -> date | None:
    try:
        return date.fromisoformat(claim.valid_until)
    except ValueError:
        return None
