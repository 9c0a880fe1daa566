"""Reading what people write: the value, or every mistake with its place, and never a crash."""

from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from schemas.authored import Name, When
from schemas.catalogue import Catalogue
from schemas.model import Scoring
from schemas.problem import Problem
from schemas.program import Program
from schemas.read import Placed, read, read_placed, text_of
from schemas.units import Duration


class Tree(Struct, frozen=True, forbid_unknown_fields=True):
    """A shape with one field of each kind."""

    name: Name
    kind: Literal["oak", "elm"] = "oak"
    age: int | None = None
    height: float = 0
    evergreen: bool = False
    wait: Duration = "1 day"
    sizes: tuple[int, int] = (1, 2)
    tags: tuple[str, ...] = ()
    notes: dict[Name, str] = msgspec.field(default_factory=dict)
    any: str | int | float | bool | None = None
    grown_from: "Tree | None" = msgspec.field(name="from", default=None)


class Limited(Struct, frozen=True):
    """A number and a word with bounds."""

    most: Annotated[int, Meta(ge=1, le=9)]
    word: Annotated[str, Meta(min_length=1, max_length=3)] = "a"


VALUES = [
    ("name: oak-1", Tree("oak-1")),
    ("name: oak\nkind: elm\nage: 3\nheight: 2.5\nevergreen: true", Tree("oak", "elm", 3, 2.5, evergreen=True)),
    ("name: oak\nage: null\nheight: 3", Tree("oak", height=3)),
    ("name: oak\nsizes: [3, 4]\ntags: [a, NO, on]", Tree("oak", sizes=(3, 4), tags=("a", "NO", "on"))),
    ("name: oak\nnotes: {a: x}\nany: 1.5", Tree("oak", notes={"a": "x"}, any=1.5)),
    ("name: oak\nany: NO", Tree("oak", any="NO")),
    ("name: oak\nany: 08:30", Tree("oak", any="08:30")),
    ("name: oak\nany: 2027-03-31", Tree("oak", any="2027-03-31")),
    ("name: oak\nage: 010", Tree("oak", age=10)),
    ("name: oak\nage: 0x10", Tree("oak", age=16)),
    ("name: oak\nfrom: {name: elm}", Tree("oak", grown_from=Tree("elm"))),
    ("\ufeff# a remark\nname: oak\r\n", Tree("oak")),
]
MISTAKES = [
    ("nam: oak", ['1:1: found no "name", expected it here [missing-key]',
                  '1:1: found the key "nam", expected one of "name", "kind", "age", "height", "evergreen", "wait", "sizes", "tags", "notes", "any" or "from"; did you mean "name"? [unknown-key]']),
    ("name: oak\nname: elm", ['2:1: found the key "name" again (first in line 1), expected it once [duplicate-key]']),
    ("name: Oak Tree", ['1:7: found "Oak Tree", expected lower-case words joined with hyphens [wrong-value]']),
    ("name: 12", ['1:7: found the number 12, expected text; write "12" in quotes [wrong-type]']),
    ("name: true", ['1:7: found true (true or false), expected text; write "true" in quotes [wrong-type]']),
    ("name: oak\nevergreen: yes", ['2:12: found the text "yes", expected true or false; YAML 1.2 has only those two [wrong-type]']),
    ("name: oak\nkind: elmm", ['2:7: found "elmm", expected one of "elm" or "oak"; did you mean "elm"? [wrong-value]']),
    ("name: oak\nage: 1.5", ["2:6: found the number 1.5, expected a whole number [wrong-type]"]),
    ("name: oak\nheight: .nan", ["2:9: found .nan, expected a finite number [wrong-value]"]),
    ("name: oak\nwait: 3 dayz", ['2:7: found "3 dayz", expected a length of time: a number and "seconds", "minutes", "hours", "days" or "weeks" [wrong-value]']),
    ("name: oak\nsizes: [1]", ["2:8: found 1 in the list, expected 2 [wrong-value]"]),
    ("name: oak\ntags: x", ['2:7: found the text "x", expected a list [wrong-type]']),
    ("name: oak\ntags:", ["2:6: found nothing, expected a list [wrong-type]"]),
    ("name: oak\nnotes: {A b: x}", ['2:9: found "A b", expected lower-case words joined with hyphens [wrong-value]']),
    ("name: oak\nany: [1]", ["2:6: found a list, expected text or a whole number or a number or true or false [wrong-type]"]),
    ("name: oak\nfrom: {name: oak, x: 1}", None),
    ("- name: oak", None),
    ("name: &a oak\nany: *a", ['1:7: found the anchor "&a", expected plain values; repeat them [alias]']),
    ("name: !!python/object:os.system oak", None),
    ("? [a]\n: b\nname: oak", ["1:3: found a list as a key, expected text [wrong-type]"]),
    ("name: oak\n\tage: 1", ["2:1: found a tab, expected spaces; YAML is indented with spaces only [tab]"]),
    ("name: 'oak", None),
    ("a: b: c", None),
    ("name: oak\n---\nname: elm", None),
    ("", ["1:1: found an empty file, expected keys and values [yaml]"]),
    ("# nothing\n", ["1:1: found an empty file, expected keys and values [yaml]"]),
    ("name: o\x07k", ["1:8: found the control character U+0007, expected text; remove it [encoding]"]),
    ("[" * 5_000, ["1:1: found values nested too deeply to read, expected a dozen levels [yaml]"]),
    ("a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_what_is_right_is_read_as_it_was_meant(text, value):
    """YAML 1.2: NO is a country, on is a word, 08:30 is a time, a date is text."""
    assert read("x.yaml", str(text_of("x.yaml", text.encode())), Tree) == value


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_each_mistake_says_what_was_found_what_was_expected_and_where(text, said):
    """One line for each, sorted, from line 1 and column 1."""
    found = read("x.yaml", text, Tree)
    assert isinstance(found, list)
    assert found
    assert found == sorted(found)
    if said is not None:
        assert [str(problem).removeprefix("x.yaml:") for problem in found] == said


def test_all_mistakes_are_told_at_once():
    """Five mistakes in four lines: five problems, though msgspec alone would stop at the first."""
    text = "name: A\nkind: fir\nage: x\nsizes: [a, 2, 3]\ncolour: green\n"
    assert [problem.rule for problem in read("x.yaml", text, Tree)] == [
        "wrong-value", "wrong-value", "wrong-type", "wrong-value", "unknown-key"
    ]  # fmt: skip


def test_bytes_that_are_no_text_are_shown_by_place():
    """The line and column of the first byte that is not UTF-8."""
    found = text_of("x.yaml", b"name: oak\nnote: caf\xe9\n")
    assert [str(problem) for problem in found] == [
        "x.yaml:2:10: found the byte 0xe9, expected UTF-8; save the file in that encoding [encoding]"
    ]
    assert "expected at most" in str(text_of("x.yaml", b"x" * 300_000)[0])


def test_a_value_remembers_where_its_parts_stand():
    """A rule that finds a step's e-mail wrong can point at it; what was left out points at what is around it."""
    placed = read_placed("x.yaml", "name: oak\nfrom:\n  name: elm\n  tags: [a, b]\n", Tree)
    assert isinstance(placed, Placed)
    assert str(placed.problem(("from", "tags", 1), "r", "m")) == "x.yaml:4:13: m [r]"
    assert str(placed.problem(("from", "height"), "r", "m", warning=True)) == "x.yaml:3:3: m [r]"


def test_numbers_keep_to_their_bounds():
    """Meta's bounds are told as numbers."""
    problem = read("x.yaml", "most: 0\n", Limited)[0]
    assert str(problem) == "x.yaml:1:7: found 0, expected at least 1 [wrong-value]"
    assert "at most 9" in str(read("x.yaml", "most: 10", Limited)[0])
    assert "at most 3" in str(read("x.yaml", "most: 1\nword: abcd", Limited)[0])
    assert "at least 1" in str(read("x.yaml", "most: 1\nword: ''", Limited)[0])


@given(st.text(max_size=200))
def test_no_text_can_crash_the_reader(text):
    """Any text: a value, or problems; an author never sees a traceback."""
    for shape in (Tree, Catalogue, Scoring):
        found = read("x.yaml", text, shape)
        assert isinstance(found, shape) or all(isinstance(problem, Problem) for problem in found)


_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cn", "Cs"]), max_size=8)  # what YAML refuses, msgspec does not
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT
_KEYS = st.sampled_from(["owner", "when", "all", "not", "steps", "id", "field", "is", "<<"]) | _TEXT
_ANY = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4))


@given(_ANY)
def test_what_the_reader_accepts_msgspec_accepts(value):
    """Our reading is msgspec's, only with all mistakes: both say yes to the same documents."""
    text = msgspec.json.encode(value).decode()  # JSON is YAML 1.2
    for shape in (Program, When):
        ours = read("x.yaml", text, shape)
        try:
            theirs = msgspec.json.decode(text, type=shape)
        except msgspec.ValidationError:
            assert isinstance(ours, list)
        else:
            assert ours == theirs
