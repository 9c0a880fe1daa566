"""Mappings as tables: what fits, what a cell says, and each mistake with its place."""

import pytest

from agents.cli.ingest import SHIPPED
from agents.ingest.cells import CellError, value_of
from agents.ingest.mapping import read_mapping
from agents.ingest.rows import UnreadableError, rows_of
from schemas.mapping import Cell, Mapping
from schemas.problem import Problem
from tests.agents.tables import HEAD, crm, mapped, written

__all__ = ["crm"]


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
        (Cell(column="c", as_="number"), "$1,200,000", 1_200_000),
        (Cell(column="c", as_="number"), "-$12", -12),
        (Cell(column="c", as_="number"), "45 %", 45),
        (Cell(column="c", as_="number", decimal=","), "1.200,50\xa0€", 1200.5),
        (Cell(column="c", as_="yes_no"), "FALSE", False),
        (Cell(column="c", as_="yes_no"), True, True),
        (Cell(column="c", as_="date"), "1709632800", "2024-03-05T10:00:00.000Z"),
        (Cell(column="c.d"), {"d": "inner"}, "inner"),
    ],
)
def test_a_cell_is_read_as_its_mapping_says(cell, value, expected):
    """Texts, numbers, yes and no, dates, and what certain words stand for."""
    assert value_of({"c": value}, cell) == expected


@pytest.mark.parametrize("value", ["nan", "inf", "1e5", "1.2.3", "x", "9" * 30, "٣x", "$", "5%5", "€€5"])
def test_a_number_that_is_none_is_refused(value):
    """What is not plainly a number is not guessed at."""
    with pytest.raises(CellError):
        value_of({"c": value}, Cell(column="c", as_="number"))


@pytest.mark.parametrize("mapping", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_editors_find_the_schema_of_a_shipped_mapping(mapping):
    """The first line names it, and it is there."""
    first, _, _ = mapping.read_text(encoding="utf-8").partition("\n")
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (mapping.parent / named).resolve().name == "mapping.yaml.schema.json"
    assert (mapping.parent / named).exists()
