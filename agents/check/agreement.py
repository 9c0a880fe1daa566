"""Rules about what was agreed: thresholds that rise, zones and days that exist, addresses that are some."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Final
from zoneinfo import available_timezones

from agents.check.draft import Draft
from agents.check.names import nurtured
from schemas.convert import Place
from schemas.email import EmailMeta
from schemas.problem import Problem
from schemas.read import Placed
from schemas.words import listed, one_of

_NOTICE: Final = timedelta(days=14)
_AXES: Final = ("fit", "engagement")


def falling_threshold(draft: Draft) -> Iterator[Problem]:
    """Each stage asks for at least as much as the one before it.

    A lead stands in the last stage that it has the points for. With a lower threshold above a higher one, it would jump
    over the stage between.
    """
    if draft.stages is None:
        return
    for index, (lower, upper) in enumerate(pairwise(draft.stages.value.stages), 1):
        for axis in _AXES:
            least, found = getattr(lower, axis), getattr(upper, axis)
            if found < least:
                message = f'found {axis} {found}, expected at least {least} as in "{lower.id}"'
                yield draft.stages.problem(("stages", index, axis), "falling-threshold", message)


def rising_grade(draft: Draft) -> Iterator[Problem]:
    """Grades ask for less from A to C and from 1 to 3.

    A lead gets the first grade whose points it has. Points that do not fall leave a grade that nobody gets.
    """
    if draft.scoring is None:
        return
    for axis in _AXES:
        points = getattr(draft.scoring.value.grades, axis)
        if list(points) != sorted(set(points), reverse=True):
            message = f"found {list(points)}, expected points that fall from the best grade to the worst"
            yield draft.scoring.problem(("grades", axis), "rising-grade", message)


def late_qualification(draft: Draft) -> Iterator[Problem]:
    """A lead qualifies before it is ready, in every model.

    Qualified means nurtured, ready means handed to sales. With no stage between them there would be nobody to nurture.
    """
    if draft.stages is None or draft.lifecycle is None:
        return
    names = [stage.id for stage in draft.stages.value.stages]
    first, last = draft.lifecycle.value.qualified_from, draft.lifecycle.value.ready_from
    for key, chosen in (("qualified_from", first), ("ready_from", last)):
        if not set(chosen) & set(names) and set(chosen) <= set(draft.stage_ids()):
            message = f"found no stage of {draft.stages.path}, expected one of {listed(names, 'or')} too"
            yield draft.lifecycle.problem((key,), "late-qualification", message)
    if set(first) & set(names) and set(last) & set(names) and not nurtured(draft, names):
        message = f"found {listed(first)}, expected a stage before {listed(last)}"
        yield draft.lifecycle.problem(("qualified_from",), "late-qualification", message)


def unknown_zone(draft: Draft) -> Iterator[Problem]:
    """Time zones are those of the IANA, as in Europe/Berlin.

    Quiet hours are those of the lead. In a zone that does not exist they would be somebody else's.
    """
    zones: list[tuple[Placed[Any], Place, str]] = []
    if draft.brand is not None:
        zones.append((draft.brand, ("time_zone",), draft.brand.value.time_zone))
        zones += [(draft.brand, ("zones", country), zone) for country, zone in draft.brand.value.zones.items()]
    for lead in draft.leads.values():
        if zone := lead.value.traits.get("time_zone"):
            zones.append((lead, ("traits", "time_zone"), str(zone)))
    known = _time_zones()
    for placed, at, zone in zones:
        if zone not in known:
            expected = one_of(zone, sorted(known)) if "/" in zone else "one like Europe/Berlin"
            yield placed.problem(at, "unknown-zone", f'found the time zone "{zone}", expected {expected}')


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())  # looks through hundreds of files


def wrong_address(draft: Draft) -> Iterator[Problem]:
    """What we write from and to are e-mail addresses, and the website is reached by https.

    Answers to it would be lost, and mailboxes refuse such a sender.
    """
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - a tenth of all imports

    for placed, at, address in _addresses(draft):
        try:
            validate_email(address, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            yield placed.problem(at, "wrong-address", f'found "{address}", expected an e-mail address ({error})')
    if draft.brand is not None and not draft.brand.value.website.startswith("https://"):
        message = f'found "{draft.brand.value.website}", expected an address that begins with https://'
        yield draft.brand.problem(("website",), "wrong-address", message)


def _addresses(draft: Draft) -> Iterator[tuple[Placed[Any], Place, str]]:
    if draft.brand is not None:
        for key in ("from_email", "reply_to"):
            yield draft.brand, (key,), getattr(draft.brand.value, key)
    if draft.sales is not None:
        for index, rep in enumerate(draft.sales.value.reps):
            yield draft.sales, ("reps", index, "email"), rep.email


def wrong_day(draft: Draft) -> Iterator[Problem]:
    """A date is a day of the calendar.

    A day that does not exist never comes, and nobody would be reminded.
    """
    for placed, key in _dated(draft):
        if _day(getattr(placed.value, key)) is None:
            message = f'found "{getattr(placed.value, key)}", expected a day of the calendar, such as 2027-03-31'
            yield placed.problem((key,), "wrong-day", message)


def review_due(draft: Draft, today: date) -> Iterator[Problem]:
    """Whoever owns a file looks at it again by a day that they set. A warning, 14 days ahead.

    Prices, names and promises age. Whoever is named as owner reads the file again, and sets the next date. An e-mail to
    leads whose day has passed is not sent (expired-content).
    """
    for placed, key in _dated(draft):
        day = _day(getattr(placed.value, key))
        if key == "review_by" and day is not None and day - _NOTICE <= today and not _expired(placed, today):
            when = "has passed" if day < today else "is near"
            message = (
                f"found a review date that {when}, expected {placed.value.owner} to review the file and set a new one"
            )
            yield placed.problem((key,), "review-due", message, warning=True)


def expired_content(draft: Draft, today: date) -> Iterator[Problem]:
    """An e-mail to leads whose review date has passed is not sent. An error, after 14 days of warnings.

    What nobody has looked at for so long may no longer be true, so its program waits for it or passes over it. Read it
    again, and set the next date; if it needs approvals, it needs them anew.
    """
    for email in draft.emails.values():
        if _expired(email.meta, today):
            meta = email.meta.value
            message = (
                f"found a review date that has passed, so this e-mail is not sent; expected {meta.owner} to review it"
                " and set a new one"
            )
            yield email.meta.problem(("review_by",), "expired-content", message)


def _expired(placed: Placed[Any], today: date) -> bool:
    """Whether this is an e-mail to leads past its day (``streams.journey.content`` withholds it)."""
    meta = placed.value
    if not isinstance(meta, EmailMeta) or meta.kind == "internal":
        return False
    day = _day(meta.review_by)
    return day is not None and day < today


def _dated(draft: Draft) -> Iterator[tuple[Placed[Any], str]]:
    agreed = (draft.stages, draft.lifecycle)
    mapped = (draft.claims, draft.journey)
    alone = (draft.brand, draft.catalogue, draft.scoring, *agreed, *mapped, draft.sending, draft.sales)
    for placed in (*alone, *draft.programs.values(), *(email.meta for email in draft.emails.values())):
        if placed is not None:
            yield placed, "review_by"
    yield from ((placed, "agreed_on") for placed in agreed if placed is not None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
