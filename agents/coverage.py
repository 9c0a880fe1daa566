"""The map of what can be said: which questions of buyers are answered, for whom nothing is, and who stands there."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from agents.render.source import EmailSource
from schemas.lead import Lead
from schemas.questions import Journey, Question
from schemas.units import DAY
from streams.journey.past import Past
from streams.journey.predicate import compile_when
from streams.journey.score import leading

OTHERS: Final = "others"
"""Leads of whom no persona holds; they ask what everybody asks."""


class Asked(Struct, frozen=True):
    """A question, and the e-mails that answer it."""

    asks: str
    answered_by: tuple[str, ...]


class Cell(Struct, frozen=True):
    """What a persona asks at a stage, what we have to say, and how many leads stand there (None: not counted)."""

    stage: str
    persona: str
    questions: tuple[Asked, ...]
    leads: int | None

    @property
    def answered(self) -> int:
        """How many of the questions have an answer."""
        return sum(bool(question.answered_by) for question in self.questions)

    @property
    def emails(self) -> frozenset[str]:
        """Whatever answers a question here."""
        return frozenset(name for question in self.questions for name in question.answered_by)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell whoever stands here."""
        return not self.emails


def cells(
    journey: Journey,
    stages: Sequence[str],
    emails: Mapping[str, EmailSource],
    standing: Mapping[tuple[str, str], int] | None,
) -> list[Cell]:
    """Every stage for every persona and the others; ``standing`` counts leads by both, None leaves them uncounted."""
    personas = [*(persona.id for persona in journey.personas), OTHERS]
    return [
        Cell(
            stage,
            persona,
            tuple(
                Asked(question.asks, _answers(question, persona, emails))
                for question in journey.questions
                if question.stage == stage and persona in (question.personas or personas)
            ),
            None if standing is None else standing.get((stage, persona), 0),
        )
        for stage in stages
        for persona in personas
    ]


def _answers(question: Question, persona: str, emails: Mapping[str, EmailSource]) -> tuple[str, ...]:
    """An e-mail for one persona answers nobody else."""
    return tuple(
        name
        for name, source in emails.items()
        if source.meta.question == question.asks and source.meta.persona in ("", persona)
    )


def standing_of(journey: Journey, leads: Iterable[Lead]) -> Counter[tuple[str, str]]:
    """How many leads are of which persona at which stage, in the model that speaks loudest for each."""
    tests = [(persona.id, compile_when(persona.when)) for persona in journey.personas]
    found: Counter[tuple[str, str]] = Counter()
    for lead in leads:
        past = Past(lead.counts, lead.seen // DAY)
        persona = next((name for name, test in tests if test is None or test(lead.traits, past)), OTHERS)
        if lead.standings:
            found[lead.standings[leading(lead)].stage, persona] += 1
    return found
