"""Rules about experiments: what they compare exists and differs. Whether they can end is asked of facts, not files."""

from collections.abc import Iterator

from agents.check.draft import Draft
from schemas.convert import Place
from schemas.problem import Problem
from schemas.program import Program, Step
from schemas.read import Placed
from schemas.words import one_of


def unclear_experiment(draft: Draft) -> Iterator[Problem]:
    """An experiment compares variants that differ in id and content, and one of them is the step as it stands.

    One variant, or two that say the same, can show no difference; and without the step as it stands nobody could say
    what the others are better than. Give each variant an id, and all but one another `email` or `subject`.
    """
    for program, at, step in _experiments(draft):
        if message := _unclear(step):
            yield program.problem(at, "unclear-experiment", message)


def _unclear(step: Step) -> str:
    if len(step.variants) == 1:
        return "found one variant, expected two or more: an experiment compares"
    ids = [variant.id for variant in step.variants]
    if len(set(ids)) < len(ids):
        return "found a variant's id twice, expected each once: it is what the report calls the variant"
    contents = [(variant.email or step.email, variant.subject) for variant in step.variants]
    if len(set(contents)) < len(contents):
        return "found two variants that say the same, expected another email or subject in one of them"
    if (step.email, "") not in contents:
        return "found no variant without email and subject, expected one: the step as it stands, to compare with"
    return ""


def unknown_subject(draft: Draft) -> Iterator[Problem]:
    """A variant's subject is one of those that its e-mail names under subjects.

    Subjects stand in the e-mail, so that who approves it approves them too. Write `subjects: {asks: "What does it
    cost?"}` there, and `subject: asks` in the variant.
    """
    for program, at, step in _experiments(draft):
        for number, variant in enumerate(step.variants):
            email = draft.emails.get(variant.email or step.email)
            known = email.meta.value.subjects if email is not None else {variant.subject: ""}
            if variant.subject and variant.subject not in known:
                message = f'found the subject "{variant.subject}", expected {one_of(variant.subject, known)}'
                yield program.problem((*at, number, "subject"), "unknown-subject", message)


def _experiments(draft: Draft) -> Iterator[tuple[Placed[Program], Place, Step]]:
    for program in draft.programs.values():
        for index, step in enumerate(program.value.steps):
            if step.variants:
                yield program, ("steps", index, "variants"), step
