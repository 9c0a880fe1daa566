"""Files that nobody here wrote: every row accounted for, and twice is as good as once."""

import gzip
import json

import pytest

from agents.cli.ingest import SHIPPED
from agents.ingest.mapping import read_mapping
from tests.agents.tables import CRM, EXPORT, HEAD, OLIST, WON, crm, mapped, needs_olist, poured, written

__all__ = ["crm"]


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
        ("1;a at b@;31.01.2023;;;;;;;\n", 'white space or a control character in the column "E-Mail", expected none: name a column of ids as lead, or say row_is'),
        ("1;a@b@c.example;31.01.2023;;;;;;;\n", 'found 13 characters as the column "E-Mail"'),
        ("1;a@b.example;31.01.2023;;many;;;;;\n", 'column "Sites": found "many", expected a number like 1234,5'),
        ("1;a@b.example;31.01.2023;;;vielleicht;;;;\n", 'column "VIP": found "vielleicht", expected yes or no'),
        ("1;a@b.example;31.01.2023;A\x07B;;;;;;\n", "U+0007"),
        ("1;a@b.example;31.01.2053;;;;;;;\n", "days in the future"),
        ("1;a@b.example;31.01.2023;;;;;won;15.13.2023;1\n", 'column "Closed": found "15.13.2023"'),
        ("1;a@b.example\n", "found 2 cells, expected 10 as in the header"),
        ('1;a@b.example;31.01.2023;"Rio" Moinho;;;;;;\n', "found a row that is no CSV ("),
        ('1;a@b.example;31.01.2023;"Rio\n" Moinho;;;;;;\n', "found a row that is no CSV through line 4 ("),
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
    assert not tally.whole


def test_memory_does_not_grow_with_the_file(tmp_path, crm):
    """Messages go out as they come: never more than a lot at a time."""
    _, sink, _ = poured(written(tmp_path, HEAD + WON * 5000), crm)
    assert len(sink.messages) == 10_000
    assert sink.largest <= 2_001


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
