"""The JSON Schemas are what the shapes say, today."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from schemas.generate import drifted, generated

AUTHORED = {
    "brand.yaml": "brand.yaml",
    "catalogue.yaml": "catalogue.yaml",
    "scoring.yaml": "scoring.yaml",
    "stages.yaml": "stages.yaml",
    "lifecycle.yaml": "lifecycle.yaml",
    "journey.yaml": "journey.yaml",
    "claims.yaml": "claims.yaml",
    "sending.yaml": "sending.yaml",
    "sales.yaml": "sales.yaml",
    "program.yaml": "programs/*.yaml",
    "lead.yaml": "leads/*.yaml",
    "email.md": "emails/*.m*",
    "translation.md": "emails/*.m*",
}


def authored(name):
    """The files of the workplace that a schema describes; a translation has its language in its name."""
    files = sorted(Path("templates").glob(AUTHORED[name]))
    return [path for path in files if ("." in path.stem) == (name == "translation.md")]


def test_the_files_are_what_the_shapes_say():
    """After a change of a shape: python -m schemas.generate."""
    assert drifted() == []


def test_a_file_that_differs_or_should_not_be_there_is_named(tmp_path):
    """Drift is seen in both directions."""
    for name, text in generated().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "fact.schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / "old.schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / "lead.schema.json").unlink()
    assert drifted(tmp_path) == ["fact.schema.json", "lead.schema.json", "old.schema.json"]


@pytest.mark.parametrize("name", sorted(generated()))
def test_each_is_a_valid_schema_that_says_what_it_is_for(name):
    """Draft 2020-12, and every definition has a description."""
    schema = json.loads(generated()[name])
    jsonschema_rs.meta.validate(schema)
    assert all(definition.get("description") for definition in schema["$defs"].values())


@pytest.mark.parametrize("name", sorted(AUTHORED))
def test_an_editor_finds_no_fault_in_our_own_workplace(name):
    """The files that marketing wrote are valid for the schema that their editor shows."""
    validator = jsonschema_rs.validator_for(json.loads(generated()[f"{name}.schema.json"]))
    assert authored(name)
    for path in authored(name):
        text = path.read_text(encoding="utf-8")
        written = YAML(typ="safe", pure=True).load(text.split("---\n")[1] if name.endswith(".md") else text)
        validator.validate(json.loads(json.dumps(written, default=str)))  # YAML's dates are text to editors


@pytest.mark.parametrize("name", sorted(AUTHORED))
def test_an_editor_finds_the_schema_without_a_network(name):
    """The first line that YAML reads names it, as a file beside the workplace."""
    for path in authored(name):
        first = path.read_text(encoding="utf-8").removeprefix("---\n").split("\n")[0]
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / named).resolve() == Path(f"schemas/json/{name}.schema.json").resolve()
