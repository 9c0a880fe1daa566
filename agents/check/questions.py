"""Rules about the map of questions: e-mails answer those that buyers ask, at the stage where they ask them."""

from collections.abc import Iterator
from typing import Any

from agents.check.draft import Draft
from schemas.convert import Place
from schemas.problem import Problem
from schemas.questions import Question
from schemas.read import Placed
from schemas.words import listed, one_of


def unknown_question(draft: Draft) -> Iterator[Problem]:
    """An e-mail answers a question that stands in journey.yaml, word for word.

    `nurture coverage` counts which questions of buyers are answered. One that nobody asks answers nothing; the nearest
    is suggested.
    """
    known = _questions(draft)
    for email in draft.emails.values():
        asked = email.meta.value.question
        if asked and asked not in known:
            expected = one_of(asked, known) if known else "a file journey.yaml with it"
            message = f'found the question "{asked}", expected {expected}'
            yield email.meta.problem(("question",), "unknown-question", message)


def unknown_persona(draft: Draft) -> Iterator[Problem]:
    """Personas are described in journey.yaml; e-mails, questions and programs name those.

    A persona says by a condition who it is. One that is not described is nobody.
    """
    known = [persona.id for persona in draft.journey.value.personas] if draft.journey else []
    for placed, at, name in _named(draft):
        if name not in known:
            expected = one_of(name, known) if known else "one that journey.yaml describes"
            yield placed.problem(at, "unknown-persona", f'found the persona "{name}", expected {expected}')


def misplaced_answer(draft: Draft) -> Iterator[Problem]:
    """An e-mail is for the stage and the persona whose question it answers.

    An answer helps where the question is asked. Change the stage or persona of the e-mail, or the question in
    journey.yaml.
    """
    known = _questions(draft)
    for email in draft.emails.values():
        meta = email.meta.value
        if (asked := known.get(meta.question)) is None:
            continue
        if meta.stage and meta.stage != asked.stage:
            message = f'found the stage "{meta.stage}", expected "{asked.stage}", where journey.yaml has its question'
            yield email.meta.problem(("stage",), "misplaced-answer", message)
        if meta.persona and asked.personas and meta.persona not in asked.personas:
            message = f'found the persona "{meta.persona}", expected {listed(asked.personas, "or")}, who ask this'
            yield email.meta.problem(("persona",), "misplaced-answer", message)


def unanswered_question(draft: Draft) -> Iterator[Problem]:
    """A question that buyers ask has an e-mail that answers it. A warning.

    Buyers ask it, and we have nothing to say. Write an e-mail, or take the question out when nobody asks it.
    """
    if draft.journey is None or set(draft.names["emails"]) - set(draft.emails):
        return
    answered = {email.meta.value.question for email in draft.emails.values()}
    for index, question in enumerate(draft.journey.value.questions):
        if question.asks not in answered:
            message = f'found no answer, expected an e-mail with "question: {question.asks}"'
            yield draft.journey.problem(("questions", index), "unanswered-question", message, warning=True)


def _questions(draft: Draft) -> dict[str, Question]:
    return {question.asks: question for question in draft.journey.value.questions} if draft.journey else {}


def _named(draft: Draft) -> Iterator[tuple[Placed[Any], Place, str]]:
    if (journey := draft.journey) is not None:
        for index, question in enumerate(journey.value.questions):
            yield from (
                (journey, ("questions", index, "personas", nth), name) for nth, name in enumerate(question.personas)
            )
    for program in draft.programs.values():
        yield from ((program, ("personas", nth), name) for nth, name in enumerate(program.value.personas))
    for email in draft.emails.values():
        if email.meta.value.persona:
            yield email.meta, ("persona",), email.meta.value.persona
