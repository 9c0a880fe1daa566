"""The list of all rules: the table of contents of what a workplace promises. Each rule is a function beside it."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from agents.check import agreement, conditions, letters, names, samples, templates
from agents.check.draft import Draft
from schemas.problem import Problem

Rule = Callable[[Draft], Iterator[Problem]]

RULES: Final[tuple[Rule, ...]] = (
    names.missing_file,
    names.unknown_stage,
    names.unknown_email,
    names.email_kind,
    names.unknown_layout,
    names.duplicate_id,
    names.repeated_email,
    names.idle_email,
    names.idle_stage,
    conditions.unknown_event,
    conditions.unknown_field,
    conditions.unlike_value,
    conditions.unlike_test,
    conditions.empty_condition,
    agreement.falling_threshold,
    agreement.rising_grade,
    agreement.late_qualification,
    agreement.unknown_zone,
    agreement.wrong_address,
    agreement.closed_hours,
    agreement.wrong_day,
    samples.unknown_trait,
    samples.wrong_fact,
    templates.template_syntax,
    templates.template_language,
    templates.unknown_variable,
    templates.missing_fallback,
    letters.broken_layout,
    letters.wrong_link,
    letters.no_text,
    letters.finished_letter,
)


def complaints(draft: Draft, today: date | None) -> Iterator[Problem]:
    """Everything that the rules find; what depends on the day only when there is one."""
    for rule in RULES:
        yield from rule(draft)
    if today is not None:
        yield from agreement.review_due(draft, today)
