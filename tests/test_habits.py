"""What we promised each other about every file. It reads the files, and runs none of them."""

import ast
import importlib.metadata
import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("agents", "streams", "schemas")
CODE = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
SPEAKS = {"agents/cli/__init__.py"}  # the command itself; every other __init__ is inert
# In two halves, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a machine's path": ("/ro" + "ot/", "/wo" + "rk/", "/ho" + "me/", "/Us" + "ers/"),
    "a registry's host": (
        "pypi" + ".org",
        "pythonhosted" + ".org",
        "repo.maven" + ".apache",
        "repo1" + ".maven",
        "registry" + ".npmjs",
        "crates" + ".io",
        "proxy.golang" + ".org",
    ),
}


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.relative_to(ROOT).as_posix())


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("name", PACKAGES)
def test_nobody_else_owns_our_import_names(name):
    """No installed distribution brings the package, and what is imported is this folder."""
    owners = set(importlib.metadata.packages_distributions().get(name, [])) - {"nurture"}
    assert owners == set()
    assert Path(importlib.util.find_spec(name).origin) == ROOT / name / "__init__.py"


@named(CODE)
def test_every_module_says_what_it_knows(path):
    """It opens with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@named([path for path in CODE if path.name == "__init__.py" and path.relative_to(ROOT).as_posix() not in SPEAKS])
def test_importing_a_package_does_nothing(path):
    """Its __init__ is a docstring and no more."""
    assert len(ast.parse(path.read_text(encoding="utf-8")).body) == 1


@named(CODE)
def test_files_and_functions_are_short(path):
    """At most 400 lines a file and 50 a function."""
    text = path.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, FUNCTION)]
    assert len(text.splitlines()) <= 400
    assert [node.name for node in functions if node.end_lineno - node.lineno >= 50] == []


@named(TESTS)
def test_every_test_states_its_law(path):
    """A test without a docstring says what happens, not what holds."""
    functions = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, FUNCTION)]
    assert [node.name for node in functions if node.name.startswith("test_") and not ast.get_docstring(node)] == []


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_no_file_knows_a_machine_or_a_registry(kind):
    """Neither a path of somebody's machine nor the host of a package registry."""
    found = [
        (path.relative_to(ROOT).as_posix(), word)
        for path in tracked()
        for text in [path.read_text(encoding="utf-8", errors="replace")]
        for word in FORBIDDEN[kind]
        if word in text
    ]
    assert found == []


@pytest.mark.parametrize(
    "tool",
    [
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports",
        "schemas.generate --check",
        "agents.reference --check",
        "tests.manual --check",
    ],
)
def test_make_check_runs_every_guard(tool):
    """Layers, types, style and generated files are checked where CI looks."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ncheck:")[1].split("\n\n")[0]
    assert tool in recipe
    assert "make check test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
