"""Files and mappings as tests write them, and what a file becomes."""

import asyncio
from pathlib import Path

import pytest

from agents.ingest.mapping import read_mapping
from agents.ingest.messages import Scribe
from agents.ingest.run import Ears, ingest_file
from schemas.mapping import Mapping

NOW = 1_735_689_600_000
OLIST = Path(__file__).parents[3] / "shared" / "data" / "olist"
EXPORT = Path(__file__).with_name("data") / "segment-export.jsonl"
needs_olist = pytest.mark.skipif(
    not OLIST.exists(), reason="found no Olist files in ../shared/data/olist beside the repository"
)


# A CRM export as they are: an outcome column, decimal commas, local dates, an address instead of an id.
CRM = """
name: crm
format: csv
delimiter: ";"
lead: E-Mail
key: [Nr]
facts:
  - event: Lead Created
    topic: leads
    at: {column: Created, format: "%d.%m.%Y", zone: Europe/Berlin}
    fields:
      company: Firm
      sites: {column: Sites, as: number, decimal: ","}
      vip: {column: VIP, as: yes_no, values: {ja: true, nein: false, "?": null}}
      origin: {constant: fair}
      checked_on: {column: Checked, as: date}
  - event: Deal Won
    topic: sales-feedback
    when: [{column: Outcome, in: [won, renewed]}, {column: Closed}]
    at: {column: Closed, format: "%d.%m.%Y", zone: Europe/Berlin}
    fields: {revenue: {column: Price, as: number, decimal: ","}, currency: {constant: EUR}}
  - event: Deal Lost
    topic: sales-feedback
    when: [{column: Outcome, in: [lost]}]
    at: Closed
"""
HEAD = "Nr;E-Mail;Created;Firm;Sites;VIP;Checked;Outcome;Closed;Price\n"
WON = "1;Ana@rio.example;31.01.2023;Rio Moinho;1.200,5;ja;2023-02-01;won;15.03.2023;12.500,50\n"


class FakeSink:
    """Remembers what was poured, and the largest lot."""

    def __init__(self):
        self.messages, self.largest = [], 0

    async def pour(self, messages):
        """Remember."""
        self.messages += messages
        self.largest = max(self.largest, len(messages))


@pytest.fixture
def crm(tmp_path):
    return mapped(tmp_path, CRM)


def mapped(folder, text):
    path = folder / "map.yaml"
    path.write_text(text)
    return read_mapping(path)


def poured(path, mapping, secret=b"k"):
    assert isinstance(mapping, Mapping), mapping
    sink, bad = FakeSink(), []
    ears = Ears(tell=lambda _: None, complain=bad.append)
    tally = asyncio.run(ingest_file(path, mapping, Scribe(mapping, secret, NOW), sink, ears))
    assert tally.rows == tally.told + tally.silent + tally.bad
    assert (tally.bad, tally.messages) == (len(bad), len(sink.messages))
    return tally, sink, bad


def written(folder, content, name="file.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
