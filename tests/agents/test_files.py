"""What lies in a workplace's folders: files are read, anything else is told and left alone, and nothing is waited for."""

import os
import socket
from pathlib import Path

import pytest

from agents.check.wordbook import read_words
from agents.workplace import load_workplace
from tests.agents.test_check import run
from tests.agents.workplaces import SMALL, written

HELLO = SMALL["emails/hello.md"]


def told(folder: Path, name: str) -> list[str]:
    """What is said of a file."""
    loaded = load_workplace(folder)
    assert isinstance(loaded, list)
    return [f"{one.line}: {one.message} [{one.rule}]" for one in loaded if one.path == str(folder / name)]


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


@pytest.mark.parametrize("name", ["emails/pipe.md", "claims.yaml", "layouts/letter.txt", "locales/de.po"])
def test_a_pipe_is_told_and_never_opened(tmp_path, name):
    """Whoever opens one waits for a writer that may never come."""
    folder = written(tmp_path, **{name: None})
    (folder / name).parent.mkdir(exist_ok=True)
    os.mkfifo(folder / name)
    assert told(folder, name) == ["1: found a pipe, expected a file [file]"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (Path.mkdir, "found a folder, expected a file"),
        (_socket, "found a socket, expected a file"),
        (lambda path: path.symlink_to("/dev/zero"), 'found a link to "/dev/zero", which lies outside'),
        (lambda path: path.symlink_to("odd.md"), "found no file to read"),
        (lambda path: path.symlink_to("nowhere.md"), "found no file to read"),
    ],
)
def test_what_is_no_file_is_told(tmp_path, monkeypatch, make, says):
    """By what it is."""
    folder = written(tmp_path)
    monkeypatch.chdir(folder / "emails")
    make(Path("odd.md"))
    (said,) = told(folder, "emails/odd.md")
    assert says in said


def test_a_link_out_of_the_workplace_is_not_followed(tmp_path):
    """It says where the link leads, and nothing of what is there; a folder's link is one too."""
    folder = written(tmp_path / "w")
    (tmp_path / "secret.md").write_text("---\nowner: the password\n")
    (folder / "emails" / "odd.md").symlink_to("../../secret.md")
    (folder / "partials").symlink_to(tmp_path)
    (tmp_path / "foot.mjml").write_text("the password")
    assert told(folder, "emails/odd.md") == [
        '1: found a link to "../../secret.md", which lies outside of this folder; expected the file itself [file]'
    ]
    assert "outside of this folder" in told(folder, "partials/foot.mjml")[0]
    assert "password" not in run(folder).output


def test_a_link_within_the_workplace_is_a_file(tmp_path):
    """As a ConfigMap of Kubernetes is mounted, the folder itself behind a link too."""
    folder = written(tmp_path / "w")
    (folder / "..data").mkdir()
    (folder / "brand.yaml").rename(folder / "..data" / "brand.yaml")
    (folder / "brand.yaml").symlink_to("..data/brand.yaml")
    (tmp_path / "v").symlink_to(folder)
    assert run(tmp_path / "v").exit_code == 0


def test_a_file_that_is_absurdly_large_is_refused_unread(tmp_path):
    """A terabyte of nothing costs no time and no memory."""
    folder = written(tmp_path, **{"emails/huge.md": ""})
    os.truncate(folder / "emails" / "huge.md", 10**12)
    assert told(folder, "emails/huge.md") == ["1: found 1,000,000,000,000 bytes, expected at most 200,000 [size]"]


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_a_name_breaks_no_line(tmp_path, form):
    """A line break, a letter that turns the line round, or a byte that is no text: the place stays in one line."""
    folder = written(tmp_path)
    for name in (b"a\nb.md", b"a\xe2\x80\xaeb.md", b"\xff.md"):
        Path(os.fsdecode(os.fsencode(folder / "emails") + b"/" + name)).write_text(HELLO)
    said = run(folder, "--format", form).output
    assert said.count("lower-case words") == 3
    assert all("lower-case words" in line for line in said.splitlines() if line and "b.md" in line)
    if form == "text":
        assert {r"/emails/a\nb.md:1:1:", r"/emails/a\u202eb.md:1:1:", r"/emails/\udcff.md:1:1:"} <= {
            line.split(" found")[0].removeprefix(str(folder)) for line in said.splitlines()
        }


def test_a_long_line_is_shown_around_its_place(tmp_path):
    """At most 160 cells, cut on both sides, with the caret where the fault is; signs that are two wide count twice."""
    for before in ("x" * 5000, "漢" * 3000):
        body = f"{before} [read]({'/' * 9}nowhere) {'y' * 5000}"
        said = run(written(tmp_path, **{"emails/hello.md": HELLO + body})).output.splitlines()
        at = next(index for index, line in enumerate(said) if "[wrong-link]" in line)
        source, caret = said[at + 1 : at + 3]
        assert max(map(len, said)) < 500
        shown = source[: source.index("/////")]
        assert len(shown) + shown.count("漢") == caret.index("^")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('msgid "a"\nmsgstr "b\n', 2, "no part of a catalogue"),
        ("msgid foo\n", 1, "no part of a catalogue"),
        ('msgid "a"\nmsgstr "b" c\n', 2, "no part of a catalogue"),
        ('msgctxt "c"\nmsgid "a"\nmsgstr "b"\n', 1, "no part of a catalogue"),
        ('msgid "a"\nmsgstr "\\q"\n', 2, "no part of a catalogue"),
        ('msgid "a"\n\nmsgid "b"\nmsgstr "x"\n', 3, "found msgid where a msgstr should stand"),
        ('msgstr "b"\n', 1, "found msgstr where a msgid should stand"),
        ('"b"\n', 1, "before any msgid"),
        ('msgid "a"\n', 1, "found a msgid without a msgstr"),
        ('msgid "a"\nmsgstr "b"\n\nmsgid ""\n"a"\nmsgstr "c"\n', 4, "first in line 1"),
        ('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=ISO-8859-1\\n"\n', 3, 'the encoding "ISO-8859-1"'),
    ],
)
def test_a_catalogue_that_cannot_be_read_is_told_by_its_line(text, line, says):
    """Where Babel would pass over it in silence."""
    (problem,) = read_words("de.po", text)
    assert (problem.line, problem.rule, says in problem.message) == (line, "broken-words", True), problem


def test_a_sound_catalogue_is_its_words():
    """In several lines or one, with comments; what is fuzzy or empty is not translated."""
    text = '# about\nmsgid ""\nmsgstr ""\n"charset=UTF-8\\n"\n\nmsgid "a"\nmsgstr "b \\"c\\""\n" d"\n#, fuzzy\nmsgid "e"\nmsgstr "f"\nmsgid "g"\nmsgstr ""\n'
    assert read_words("de.po", text) == {"a": 'b "c" d'}
