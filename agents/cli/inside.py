"""What is inside: leads, facts and policies, out of files or out of the running pipeline. No command of its own."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.history import ALL, Range, read_facts
from schemas import topics
from schemas.lead import Lead
from streams.journey.compiled import Compiled
from streams.journey.replay import Find
from streams.journey.simulate import simulate


def leads_inside(facts: Path | None, policy: Compiled) -> tuple[list[Lead], int]:
    """The rows, those of a file folded by the policy, and the moment up to which they are known (ms)."""
    rows: dict[str, Lead] = {}
    if facts is not None:
        for _ in simulate(lambda: read_facts(facts), policy, rows):
            pass
        leads = list(rows.values())
    else:
        leads = live_rows()
    return leads, max((lead.seen for lead in leads), default=0)


def live_rows() -> list[Lead]:
    """Every lead's row, as the running pipeline that the settings name has it."""
    from agents.kafka.clients import client  # noqa: PLC0415 - a client of Kafka takes its time, and files do without it
    from agents.kafka.live import live_leads  # noqa: PLC0415
    from agents.process.settings import read_settings  # noqa: PLC0415

    return asyncio.run(live_leads(client(read_settings(os.environ))))


def live_policies() -> dict[str, Compiled]:
    """Every policy that was applied to the running pipeline and that this release can read, by hash."""
    from agents.kafka.clients import client  # noqa: PLC0415 - as above
    from agents.policies import Policies  # noqa: PLC0415
    from agents.process.settings import read_settings  # noqa: PLC0415

    return asyncio.run(Policies(client(read_settings(os.environ))).readable())


def live_find() -> Find:
    """What finds the policies that were applied to the running pipeline. It raises UnknownPolicyError."""
    from agents.kafka.clients import client  # noqa: PLC0415 - as above
    from agents.policies import Policies  # noqa: PLC0415
    from agents.process.settings import read_settings  # noqa: PLC0415

    return asyncio.run(Policies(client(read_settings(os.environ))).find())


@contextmanager
def facts_inside(files: Sequence[Path], only: Range = ALL) -> Iterator[Sequence[Path]]:
    """The files, or without any a file of the running pipeline's facts, on disk meanwhile: they can outgrow memory."""
    if files:
        yield files
        return
    from agents.kafka.clients import client  # noqa: PLC0415 - as above
    from agents.kafka.live import export  # noqa: PLC0415
    from agents.process.settings import read_settings  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        file = Path(folder) / topics.FACTS
        asyncio.run(export(client(read_settings(os.environ)), file, only))
        yield [file]
