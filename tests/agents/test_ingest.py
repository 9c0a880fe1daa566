"""Files that nobody here wrote: mappings as tables, every row accounted for, and twice is as good as once."""

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.cli.ingest import SHIPPED, ingest
from agents.ingest.cells import CellError, value_of
from agents.ingest.mapping import read_mapping
from agents.ingest.messages import Scribe
from agents.ingest.rows import UnreadableError, rows_of
from agents.ingest.run import Ears, ingest_file
from schemas.mapping import Cell, Mapping
from schemas.problem import Problem

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


def test_one_row_becomes_the_messages_that_its_columns_ask_for(tmp_path, crm):
    """Columns, constants, dates in their zone, decimal commas and conditions, and an address that is no key."""
    tally, sink, bad = poured(written(tmp_path, HEAD + WON), crm)
    created, won = (json.loads(message.value) for message in sink.messages)
    assert bad == []
    assert tally.facts == {"lead.created.v1": 1, "deal.won.v1": 1}
    assert [message.topic for message in sink.messages] == ["nurture.leads", "nurture.sales-feedback"]
    assert created["timestamp"] == "2023-01-30T23:00:00.000Z"
    assert created["properties"] == {
        "company": "Rio Moinho", "sites": 1200.5, "vip": True, "origin": "fair", "checked_on": "2023-02-01T00:00:00.000Z",
    }  # fmt: skip
    assert won["properties"] == {"revenue": 12500.5, "currency": "EUR"}
    assert len({message.key for message in sink.messages}) == 1
    assert not any(b"rio.example" in message.key for message in sink.messages)


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        ("1;a@b.example;31.01.2023;;;;;lost;2023-03-01;\n", {"lead.created.v1": 1, "deal.lost.v1": 1}),
        ("1;a@b.example;31.01.2023;;;?;;won;;\n", {"lead.created.v1": 1}),
        ("1;a@b.example;31.01.2023;;;;;open;15.03.2023;\n", {"lead.created.v1": 1}),
    ],
)
def test_the_outcome_column_decides_which_facts_a_row_tells(tmp_path, crm, row, facts):
    """Won, lost or still open: any list of leads with an outcome is a history."""
    tally, _, bad = poured(written(tmp_path, HEAD + row), crm)
    assert (tally.facts, bad) == (facts, [])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("1;a@b.example;31.02.2023;;;;;;;\n", 'column "Created": found "31.02.2023", expected a time like %d.%m.%Y'),
        ("1;a@b.example;;;;;;;;\n", 'column "Created": found null, expected a time'),
        ("1;;31.01.2023;;;;;;;\n", 'column "E-Mail": found null, expected who the row is about'),
        ("1;a at b@;31.01.2023;;;;;;;\n", "found white space"),
        ("1;a@b@c.example;31.01.2023;;;;;;;\n", "found 13 characters as userId"),
        ("1;a@b.example;31.01.2023;;many;;;;;\n", 'column "Sites": found "many", expected a number like 1234,5'),
        ("1;a@b.example;31.01.2023;;;vielleicht;;;;\n", 'column "VIP": found "vielleicht", expected yes or no'),
        ("1;a@b.example;31.01.2023;A\x07B;;;;;;\n", "U+0007"),
        ("1;a@b.example;31.01.2053;;;;;;;\n", "days in the future"),
        ("1;a@b.example;31.01.2023;;;;;won;15.13.2023;1\n", 'column "Closed": found "15.13.2023"'),
        ("1;a@b.example\n", "found 2 cells, expected 10 as in the header"),
        ('1;a@b.example;31.01.2023;"Rio" Moinho;;;;;;\n', "found a row that is no CSV"),
    ],
)  # fmt: skip
def test_a_bad_row_is_reported_and_the_good_ones_around_it_are_told(tmp_path, crm, row, says):
    """The line where it starts, what was found and what was expected; its neighbours do not suffer."""
    other = WON.replace("Ana", "Bo")
    tally, sink, [bad] = poured(written(tmp_path, HEAD + WON + row + other), crm)
    assert (tally.rows, tally.told, tally.bad, len(sink.messages)) == (3, 2, 1, 4)
    assert bad.line == 3
    assert says in bad.detail
    assert "expected" in bad.detail
    assert "@b" not in bad.detail


def test_lines_are_counted_as_an_editor_does(tmp_path, crm):
    """A quoted cell may span lines, blank lines are no rows, and the report names where a row starts."""
    spanning = WON.replace("Rio Moinho", '"Rio\nMoinho"')
    tally, sink, bad = poured(written(tmp_path, HEAD + WON + "\n" + spanning + "1;x\n"), crm)
    assert (tally.rows, tally.told) == (3, 2)
    assert [each.line for each in bad] == [6]
    assert json.loads(sink.messages[2].value)["properties"]["company"] == "Rio Moinho"


@pytest.mark.parametrize("broken", [b"\xff\xfe", "Gr\xfcn".encode("latin-1")])
def test_bytes_of_another_encoding_spoil_their_row_only(tmp_path, crm, broken):
    """Half a file in another encoding is no reason to lose the other half."""
    odd = WON.encode().replace(b"Rio Moinho", broken)
    tally, _, [bad] = poured(written(tmp_path, HEAD.encode() + WON.encode() + odd), crm)
    assert (tally.told, bad.line) == (1, 3)
    assert "encoding" in bad.detail


def test_a_byte_order_mark_and_an_encoding_are_read(tmp_path):
    """Spreadsheets write both."""
    latin = mapped(tmp_path, CRM.replace("format: csv", "format: csv\nencoding: latin-1"))
    _, sink, _ = poured(written(tmp_path, (HEAD + WON.replace("Rio", "Grün")).encode("latin-1")), latin)
    assert json.loads(sink.messages[0].value)["properties"]["company"] == "Grün Moinho"
    utf8 = mapped(tmp_path, CRM)
    assert poured(written(tmp_path, b"\xef\xbb\xbf" + (HEAD + WON).encode()), utf8)[0].told == 1


def test_ingesting_twice_gives_the_same_messages(tmp_path, crm):
    """Ids come out of the content, so the journey drops every repeat; a row that changed tells its change alone."""
    first = poured(written(tmp_path, HEAD + WON), crm)[1].messages
    again = poured(written(tmp_path, HEAD + WON), crm)[1].messages
    changed = poured(written(tmp_path, HEAD + WON.replace("12.500,50", "13.000,00")), crm)[1].messages
    ids = [[json.loads(message.value)["messageId"] for message in each] for each in (first, again, changed)]
    assert first == again
    assert ids[0][0] == ids[2][0]
    assert ids[0][1] != ids[2][1]
    assert len(set(ids[0])) == 2
    assert ids[0][0].startswith("crm:1:0:")


def test_an_address_as_row_key_is_hashed_with_our_key(tmp_path):
    """No id shows an address, and nobody without the key can guess it back."""
    mapping = mapped(tmp_path, CRM.replace("key: [Nr]\n", ""))
    file = written(tmp_path, HEAD + WON)
    ours, theirs = (json.loads(poured(file, mapping, key)[1].messages[0].value)["messageId"] for key in (b"a", b"b"))
    assert "@" not in ours
    assert ours.split(":")[1] != theirs.split(":")[1]


def test_gzipped_files_are_read_and_a_torn_one_says_where(tmp_path, crm):
    """What was readable is told, and the end that is missing is one bad row."""
    rows = "".join(WON.replace("1;", f"{n};", 1).replace("Ana", f"ana{n * n}") for n in range(3000))
    whole = gzip.compress((HEAD + rows).encode())
    assert poured(written(tmp_path, whole, "a.csv.gz"), crm)[0].told == 3000
    tally, _, bad = poured(written(tmp_path, whole[: len(whole) // 2], "b.csv.gz"), crm)
    assert 0 < tally.told < 3000
    assert "expected the file to be whole" in bad[-1].detail


def test_memory_does_not_grow_with_the_file(tmp_path, crm):
    """Messages go out as they come: never more than a lot at a time."""
    _, sink, _ = poured(written(tmp_path, HEAD + WON * 5000), crm)
    assert len(sink.messages) == 10_000
    assert sink.largest <= 2_001


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "found an empty file"),
        ("Nr;Nr\n", "more than once in the header"),
        (b"PK\x03\x04\x14\x00", "save it as CSV"),
        (HEAD.encode("utf-16"), "such as encoding: utf-16"),
        ("Größe;".encode("windows-1252") + HEAD.encode(), "such as encoding: windows-1252"),
        ('"Nr","E-Mail"\n', 'expected the names of columns between ";"'),
        (HEAD.replace(";", "\t"), r'write delimiter: "\t" in the mapping'),
        (
            HEAD.replace("E-Mail", "EMail"),
            'found no column "E-Mail", which the mapping crm expects; did you mean "EMail"?',
        ),
    ],
)
def test_a_file_that_does_not_fit_its_mapping_is_refused_before_the_first_row(tmp_path, crm, content, says):
    """One sentence instead of a million bad rows."""
    with pytest.raises(UnreadableError) as refused:
        list(rows_of(written(tmp_path, content), crm, lambda _: None))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: x\nformat: csv\n", "expected either facts"),
        ("name: x\nformat: csv\nlead: a\nfacts: [{event: Identify, topic: leads}]\nthrough: {page: leads}\n", "expected either facts"),
        ("name: x\nformat: csv\nfacts: [{event: Identify, topic: leads}]\n", "found no lead"),
        ("name: x\nformat: csv\nlead: a\nrow_is_lead: true\nfacts: [{event: Identify, topic: leads}]\n", "one of lead"),
        ("name: x\nformat: csv\nthrough: {page: leads}\n", "expected jsonl"),
        ("name: x\nformat: jsonl\nthrough: {group: leads}\n", 'found the type "group"'),
        ("name: x\nformat: xlsx\nthrough: {page: leads}\n", "xlsx"),
        ("name: x\nformat: csv\nlead: a\nencoding: utf-9\nfacts: [{event: Identify, topic: leads}]\n", "utf-9"),
        ("name: x\nformat: csv\nlead: a\nfacts: [{event: Deal Wonn, topic: leads}]\n", 'did you mean "Deal Won"?'),
        ("name: x\nformat: csv\nlead: a\nfacts: [{event: Identify, topic: lead}]\n", "leads"),
        ("name: x\nformat: csv\nlead: a\nfacts: [{event: Identify, topic: leads, fields: {b: {}}}]\n", "either a column or a constant"),
        ("name: x\nformat: csv\nlead: a\nfacts: [{event: Identify, topic: leads, fields: {b: {column: c, format: '%d'}}}]\n", "add as: date"),
        ("name: x\nformat: csv\nlead: a\nfacts: [{event: Identify, topic: leads, at: {column: c, zone: Mars}}]\n", 'found the zone "Mars"'),
        ("name: x\nformat: csv\nlead: a\nfacts: [{event: Identify, topic: leads, at: {by_row: soon}}]\n", 'found "soon"'),
        ("name: x\nformat: csv\nlead: a\nfacts: [{event: lead created, topic: leads, fields: {Stage: b}}]\n", 'as "lead_stage"'),
        ("name: x\nformat: csv\nlead: a\nfactz: []\n", "factz"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_mapping_has_a_place_and_a_sentence(tmp_path, text, says):
    """Mappings are authored files: file, line, column, and what to write instead."""
    problems = mapped(tmp_path, text)
    assert isinstance(problems, list)
    assert any(says in problem.message for problem in problems), problems
    assert all(isinstance(problem, Problem) and problem.line >= 1 for problem in problems)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_mapping_is_sound_and_named_like_its_file(path):
    """What we ship can be used by name."""
    mapping = read_mapping(path)
    assert isinstance(mapping, Mapping), mapping
    assert mapping.name == path.stem


@pytest.mark.parametrize(
    ("cell", "value", "expected"),
    [
        (Cell(column="c"), " x ", "x"),
        (Cell(column="c"), "  ", None),
        (Cell(column="c", values={"x": 1}), "x", 1),
        (Cell(column="c", as_="number"), "-1,234.5", -1234.5),
        (Cell(column="c", as_="number", values={"n/a": None}), "n/a", None),
        (Cell(column="c", as_="number"), 7, 7),
        (Cell(column="c", as_="yes_no"), "FALSE", False),
        (Cell(column="c", as_="yes_no"), True, True),
        (Cell(column="c", as_="date"), "1709632800", "2024-03-05T10:00:00.000Z"),
        (Cell(column="c.d"), {"d": "inner"}, "inner"),
    ],
)
def test_a_cell_is_read_as_its_mapping_says(cell, value, expected):
    """Texts, numbers, yes and no, dates, and what certain words stand for."""
    assert value_of({"c": value}, cell) == expected


@pytest.mark.parametrize("value", ["nan", "inf", "1e5", "1.2.3", "x", "9" * 30, "٣x"])
def test_a_number_that_is_none_is_refused(value):
    """What is not plainly a number is not guessed at."""
    with pytest.raises(CellError):
        value_of({"c": value}, Cell(column="c", as_="number"))


def test_an_export_of_segment_passes_through(tmp_path):
    """Messages are taken as they are, a missing id comes out of the line, and what nobody knows is a bad row."""
    more = b'{"type":"page","userId":"lead-2","properties":{"path":"/"}}\n\nnonsense\n[]\n{"type":{}}\n'
    path = written(tmp_path, EXPORT.read_bytes() + more, "export.jsonl")
    tally, sink, bad = poured(path, read_mapping(SHIPPED / "segment.yaml"))
    assert (tally.rows, tally.told) == (11, 7)
    assert [each.line for each in bad] == [7, 10, 11, 12]
    assert [message.topic for message in sink.messages] == ["nurture.leads", *["nurture.engagement"] * 6]
    assert json.loads(sink.messages[-1].value)["messageId"].startswith("segment:")
    assert json.loads(sink.messages[0].value) == json.loads(EXPORT.read_bytes().splitlines()[0])


def test_json_lines_have_columns_too(tmp_path):
    """Dots go inside; numbers and booleans stay what they are."""
    mapping = mapped(tmp_path, "name: j\nformat: jsonl\nlead: id\nfacts:\n  - event: Identify\n    topic: leads\n    when: [{column: live, in: ['true']}]\n    fields: {company: firm.name, sites: n}\n")  # fmt: skip
    path = written(tmp_path, '{"id":7,"live":true,"n":3,"firm":{"name":"Rio"}}\n{"id":8,"live":false}\n', "a.jsonl")
    tally, sink, _ = poured(path, mapping)
    assert (tally.told, tally.silent) == (1, 1)
    assert json.loads(sink.messages[0].value)["traits"] == {"company": "Rio", "sites": 3}


def test_an_endless_line_is_one_bad_row(tmp_path):
    """A line that no record could hold is skipped without being held."""
    path = written(tmp_path, b'{"a":"' + b"x" * 2_500_000 + b'"}\n{"type":"page"}\n', "a.jsonl")
    tally, _, bad = poured(path, read_mapping(SHIPPED / "segment.yaml"))
    assert [each.line for each in bad] == [1, 2]
    assert "1,000,000 bytes" in bad[0].detail
    assert tally.rows == 2


@needs_olist
@pytest.mark.parametrize(
    ("file", "mapping", "rows", "facts"),
    [
        ("olist_marketing_qualified_leads_dataset.csv", "olist-leads", 8000, {"lead.created.v1": 8000}),
        ("olist_closed_deals_dataset.csv", "olist-deals", 842, {"lead.updated.v1": 842, "deal.won.v1": 842}),
    ],
)
def test_the_olist_funnel_accounts_for_every_row(file, mapping, rows, facts):
    """Eight thousand real leads and their deals, with real dirt: every row is told, and no id comes twice."""
    tally, sink, bad = poured(OLIST / file, read_mapping(SHIPPED / f"{mapping}.yaml"))
    assert (tally.rows, tally.told, tally.silent, bad) == (rows, rows, 0, [])
    assert tally.facts == facts
    assert len({dict(message.headers)["ce_id"] for message in sink.messages}) == len(sink.messages)


def run(*args, **env):
    return CliRunner().invoke(ingest, [str(arg) for arg in args], env={"NURTURE_BOOTSTRAP": None} | env)


def test_a_dry_run_shows_messages_counts_and_bad_rows():
    """Standard output says what would be sent; standard error names each bad row; the status is 0."""
    result = run(EXPORT, "--map", "segment", "--dry-run")
    assert result.exit_code == 0
    assert "7 rows = 6 told, 1 bad" in result.stdout
    assert "6 messages would be sent (dry run)" in result.stdout
    assert f"{EXPORT}:7: " in result.stderr


def test_machines_get_json():
    """One object with every count."""
    counts = json.loads(run(EXPORT, "--map", "segment", "--dry-run", "--json").stdout)
    assert (counts["rows"], counts["told"], counts["bad"], counts["messages"], counts["dry_run"]) == (7, 6, 1, 6, True)
    assert counts["facts"]["page.viewed.v1"] == 1


@pytest.mark.parametrize(
    ("content", "options", "status"),
    [(WON, (), 0), (WON + "1;x\n", (), 0), (WON + "1;x\n", ("--strict",), 1), ("1;x\n", (), 1), ("", (), 1)],
)
def test_the_status_says_whether_anything_was_told(tmp_path, content, options, status):
    """0 with bad rows, 1 when nothing could be told or a bad row is too many."""
    mapped(tmp_path, CRM)
    file = written(tmp_path, HEAD + content)
    assert run(file, "--map", tmp_path / "map.yaml", "--dry-run", *options).exit_code == status


@pytest.mark.parametrize(
    ("file", "mapping", "env", "says"),
    [
        ("nope.csv", "segment", {"NURTURE_BOOTSTRAP": "127.0.0.1:1"}, "found no broker that answers at 127.0.0.1:1"),
        (EXPORT, "segment", {}, "NURTURE_BOOTSTRAP is missing"),
        (EXPORT, "nope", {}, "expected a path or one of olist-deals, olist-leads, segment"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(file, mapping, env, says):
    """A broker, a setting or a mapping that is missing: status 2, no traceback."""
    result = run(file, "--map", mapping, **env)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_table_that_names_nobody_and_no_day_is_told_by_its_rows(tmp_path):
    """Each row is a lead of its own, a minute after the one before it; what stands for nothing is nothing."""
    bare = mapped(
        tmp_path,
        """
name: bank
format: csv
delimiter: ";"
row_is_lead: true
empty: [unknown, "-"]
facts:
  - {event: Lead Created, topic: leads, at: {by_row: 2024-01-01}, fields: {job: job, age: {column: age, as: number}}}
  - {event: Deal Won, topic: sales-feedback, when: [{column: "y", in: ["yes"]}], at: {by_row: 2024-01-01}}
""",
    )
    _, sink, bad = poured(written(tmp_path, '"age";"job";"y"\n58;"admin.";"yes"\n-; unknown ;"no"\n'), bare)
    told = [json.loads(message.value) for message in sink.messages]
    assert bad == []
    assert [message["userId"] for message in told] == ["bank-2", "bank-2", "bank-3"]
    assert [message["timestamp"][11:16] for message in told] == ["00:02", "00:02", "00:03"]
    assert [message.get("properties") for message in told[::2]] == [{"age": 58, "job": "admin."}, {}]


@pytest.mark.parametrize("mapping", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_editors_find_the_schema_of_a_shipped_mapping(mapping):
    """The first line names it, and it is there."""
    first, _, _ = mapping.read_text(encoding="utf-8").partition("\n")
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (mapping.parent / named).resolve().name == "mapping.yaml.schema.json"
    assert (mapping.parent / named).exists()


def test_many_bad_rows_of_one_kind_do_not_hide_another(tmp_path):
    """Five of a kind with their places, then a number."""
    mapped(tmp_path, CRM)
    rows = "".join(f"{n};a{n}@b.example;31.01.2023;;many{n};;;;;\n" for n in range(9)) + "9;;31.01.2023;;;;;;;\n"
    file = written(tmp_path, HEAD + WON + rows)
    done = CliRunner().invoke(ingest, [str(file), "--map", str(tmp_path / "map.yaml"), "--dry-run"])
    assert done.stderr.count('found "many') == 5
    assert '… and 4 more rows: column "Sites": expected a number like 1234,5' in done.stderr
    assert done.stderr.count("expected who the row is about") == 1
