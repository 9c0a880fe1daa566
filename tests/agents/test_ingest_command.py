"""``nurture ingest``: what a person and a machine read, and the status."""

import gzip
import json

import pytest
from click.testing import CliRunner

from agents.cli.ingest import ingest
from tests.agents.tables import CRM, EXPORT, HEAD, WON, mapped, poured, written


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


def test_a_file_that_is_not_whole_and_an_outcome_that_nobody_has_are_told(tmp_path):
    """What was told stays; the status is 1 for a torn file, and a fact that no row tells is a line of its own."""
    mapped(tmp_path, CRM)
    rows = "".join(WON.replace("1;", f"{n};", 1).replace("Ana", f"ana{n * n}") for n in range(3000))
    whole = gzip.compress((HEAD + rows).encode())
    told = [
        run(written(tmp_path, content, "a.csv.gz"), "--map", tmp_path / "map.yaml", "--to", tmp_path / "facts.jsonl")
        for content in (whole, whole[: len(whole) // 2])
    ]
    assert [done.exit_code for done in told] == [0, 1]
    assert "0  deal.lost.v1: no row met its when" in told[0].stdout


def test_many_bad_rows_of_one_kind_do_not_hide_another(tmp_path):
    """Five of a kind with their places, then a number."""
    mapped(tmp_path, CRM)
    rows = "".join(f"{n};a{n}@b.example;31.01.2023;;many{n};;;;;\n" for n in range(9)) + "9;;31.01.2023;;;;;;;\n"
    file = written(tmp_path, HEAD + WON + rows)
    done = CliRunner().invoke(ingest, [str(file), "--map", str(tmp_path / "map.yaml"), "--dry-run"])
    assert done.stderr.count('found "many') == 5
    assert '… and 4 more rows: column "Sites": expected a number like 1234,5' in done.stderr
    assert done.stderr.count("expected who the row is about") == 1
