"""The list of all rules: the table of contents of what a workplace promises. Each rule is a function beside it."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from agents.check import (
    agreement,
    approval,
    claims,
    conditions,
    experiments,
    flow,
    hours,
    letters,
    locales,
    logic,
    mail,
    mjml,
    names,
    programs,
    questions,
    reach,
    samples,
    templates,
    unseen,
    windows,
)
from agents.check.draft import Draft
from schemas.problem import Problem

Rule = Callable[[Draft], Iterator[Problem]]

OF_MODELS: Final[tuple[Rule, ...]] = (
    names.duplicate_id,
    names.idle_stage,
    conditions.unknown_event,
    conditions.unknown_field,
    conditions.unlike_value,
    conditions.unlike_test,
    conditions.empty_condition,
    logic.never_true,
    logic.always_true,
    logic.contradicting_rules,
    logic.repeated_rule,
    reach.no_way_in,
    reach.no_way_out,
    reach.overlapping_caps,
    flow.unreachable_step,
    flow.conflicting_programs,
    flow.idle_program,
    windows.unknown_rule,
    windows.misplaced_window,
    windows.wide_window,
    windows.unclear_group,
    windows.wrong_overstay,
    agreement.falling_threshold,
    agreement.rising_grade,
    agreement.late_qualification,
    agreement.wrong_day,
)
"""Rules that are asked of each model: its points, its stages, its programs."""

RULES: Final[tuple[Rule, ...]] = (
    *OF_MODELS,
    names.missing_file,
    names.unknown_stage,
    names.unknown_model,
    names.unknown_email,
    names.email_kind,
    names.reserved_field,
    names.unknown_layout,
    names.repeated_email,
    names.idle_email,
    agreement.unknown_zone,
    agreement.wrong_address,
    flow.unknown_class,
    flow.endless_wait,
    flow.starved_program,
    programs.unknown_awaited,
    programs.unknown_program,
    hours.closed_hours,
    hours.closed_window,
    programs.opens_as_life,
    programs.no_such_day,
    programs.unclear_expectation,
    experiments.unclear_experiment,
    experiments.unknown_subject,
    questions.unknown_question,
    questions.unknown_persona,
    questions.misplaced_answer,
    questions.unanswered_question,
    samples.unknown_trait,
    samples.wrong_fact,
    templates.template_syntax,
    templates.template_language,
    templates.unknown_variable,
    templates.missing_fallback,
    mjml.broken_layout,
    mjml.unknown_element,
    mjml.unknown_partial,
    mjml.lost_body,
    mjml.value_in_markup,
    locales.unknown_locale,
    locales.empty_locale,
    locales.missing_translation,
    locales.untranslated_words,
    unseen.unseen_character,
    letters.wrong_link,
    mail.link_shortener,
    mail.foreign_sender,
    mail.wrong_colour,
    mail.missing_alt,
    mail.image_only,
    mail.unsupported_css,
    approval.unapproved,
    claims.unknown_claim,
    claims.withdrawn_claim,
    claims.wrong_valid_until,
    letters.no_text,
    letters.finished_letter,
)


DUE: Final[tuple[Callable[[Draft, date], Iterator[Problem]], ...]] = (
    agreement.review_due,
    agreement.expired_content,
    hours.closed_days,
    claims.expired_claim,
    programs.spent_step,
)
"""Rules that depend on the day."""


def complaints(draft: Draft, today: date | None) -> Iterator[Problem]:
    """Everything that the rules find; what depends on the day only when there is one."""
    views = draft.views()
    for rule in RULES:
        for view in views if rule in OF_MODELS else (draft,):
            yield from rule(view)
    if today is not None:
        for due in DUE:
            for view in views:
                yield from due(view, today)
