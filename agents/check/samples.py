"""Rules about sample leads: they are made of the same fields and facts as real ones."""

from collections.abc import Iterator
from typing import Any

from msgspec import ValidationError

from agents.check.conditions import events
from agents.check.draft import Draft
from schemas.convert import Place
from schemas.facts import Traits
from schemas.problem import Problem
from schemas.read import Placed
from schemas.sample import Happening, happening_of
from schemas.words import one_of


def unknown_trait(draft: Draft) -> Iterator[Problem]:
    """A sample lead's traits, and a test's, are fields of the catalogue.

    A lead in a preview or a test has the fields that real leads have, or it would show what nobody will see.
    """
    if draft.catalogue is None:
        return
    known = draft.catalogue.value.fields
    for lead, at, traits, _ in _invented(draft):
        for name in traits:
            if name not in known:
                message = f'found the trait "{name}", expected {one_of(name, known)}'
                yield lead.problem((*at, "traits", name), "unknown-trait", message)


def wrong_fact(draft: Draft) -> Iterator[Problem]:
    """A sample lead's history, and a test's, is made of facts that could have happened.

    A history is made of events that the pipeline takes, with the properties that they have.
    """
    known = events(draft)
    for lead, place, _, history in _invented(draft):
        for index, happening in enumerate(history):
            at = (*place, "history", index, "fact")
            if happening.fact not in known:
                message = f'found the event "{happening.fact}", expected {one_of(happening.fact, known)}'
                yield lead.problem(at, "wrong-fact", message)
                continue
            try:
                happening_of(happening, "sample", "sample", 0)
            except ValidationError as error:
                yield lead.problem(at, "wrong-fact", f"found a history that could not happen: {error}")


def _invented(draft: Draft) -> Iterator[tuple[Placed[Any], Place, Traits, tuple[Happening, ...]]]:
    """Sample leads, and the leads of programs' tests."""
    for lead in draft.leads.values():
        yield lead, (), lead.value.traits, lead.value.history
    for program in draft.programs.values():
        for index, test in enumerate(program.value.tests):
            yield program, ("tests", index), test.traits, test.history
