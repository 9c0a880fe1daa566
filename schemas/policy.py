"""What marketing and sales agreed on, in one value: the sum of the files in ``templates/``, each described beside it.

One set of shapes serves authors, editors (JSON Schema) and the pipeline, so a policy is exactly what was written.
It does not read files (``schemas.read``) and does not judge leads (``streams.journey``).
"""

import hashlib

import msgspec
from msgspec import field

from schemas.authored import Authored, Name
from schemas.brand import Brand
from schemas.catalogue import Catalogue
from schemas.email import Email
from schemas.lifecycle import Lifecycle
from schemas.model import MAIN, Model, Scoring, Stages
from schemas.program import Program
from schemas.sales import Sales
from schemas.sending import Sending


class Policy(Authored, frozen=True, kw_only=True):
    """Everything that was agreed, in one value. Known by its hash; decisions name it.

    ``scoring`` and ``stages`` are the model ``main``; ``models`` are the others, each beside it and apart from it.
    """

    brand: Brand
    catalogue: Catalogue
    scoring: Scoring
    stages: Stages
    lifecycle: Lifecycle
    programs: dict[str, Program]
    emails: dict[str, Email]
    sending: Sending
    sales: Sales
    models: dict[Name, Model] = field(default_factory=dict)


def models_of(policy: Policy) -> dict[str, Model]:
    """Every model by its name, ``main`` first."""
    return {MAIN: Model(scoring=policy.scoring, stages=policy.stages)} | dict(sorted(policy.models.items()))


def programs_of(policy: Policy) -> dict[str, Program]:
    """Every program by its name, in the order in which leads come to them: by stage, the first to be entered first."""
    stages = [(model, stage.id) for model, each in models_of(policy).items() for stage in each.stages.stages]
    places = {place: number for number, place in enumerate(stages)}

    def place(named: tuple[str, Program]) -> tuple[int, int, str]:
        name, program = named
        return min(places.get((program.model, stage), len(places)) for stage in program.stages), -program.priority, name

    return dict(sorted(policy.programs.items(), key=place))


def policy_hash(policy: Policy) -> str:
    """16 hexadecimal digits of SHA-256 over the policy's canonical JSON: the same text gives the same name."""
    canonical = msgspec.json.encode(policy, order="deterministic")
    return hashlib.sha256(canonical).hexdigest()[:16]
