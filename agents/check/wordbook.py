"""A gettext catalogue as words, or every line that is wrong with it. Babel reads what is sound, and forgives the rest.

It forgives too much: a quote that is left open loses its words in silence, and of two translations one wins.
"""

import io
import re
from collections.abc import Iterator
from typing import Final

from babel.messages.pofile import PoFileError, read_po

from schemas.problem import Problem

_LINE: Final = re.compile(r'\s*(?:#.*|(?:(msgid|msgstr)\s*)?("(?:[^"\\]|\\[nrt"\\])*")\s*)?')
_CHARSET: Final = re.compile(r"charset=([\w-]+)", re.IGNORECASE)
_FORM: Final = 'expected a comment, msgid "…" or msgstr "…", each in quotes that are closed'


def read_words(path: str, text: str) -> dict[str, str] | list[Problem]:
    """What is translated, by what layouts say; or its mistakes. What is fuzzy or empty is not translated."""
    if problems := list(_faults(path, text)):
        return problems
    try:
        catalogue = read_po(io.StringIO(text), abort_invalid=True)
    except (PoFileError, ValueError) as error:
        return [_fault(path, 1, f"found something that is no gettext catalogue ({error}), {_FORM}")]
    return {str(one.id): str(one.string) for one in catalogue if one.id and one.string and not one.fuzzy}


def _faults(path: str, text: str) -> Iterator[Problem]:
    begun: dict[str, int] = {}
    for number, said in _entries(text):
        if isinstance(said, str):
            yield _fault(path, number, said)
        elif (key := "".join(said)) in begun:
            message = f'found the msgid "{key[:60]}" again (first in line {begun[key]}), expected it once'
            yield _fault(path, number, message)
        else:
            begun[key] = number
    for number, line in enumerate(text.split("\n"), 1):
        if (found := _CHARSET.search(line)) and line.startswith('"') and found[1].lower() not in ("utf-8", "charset"):
            yield _fault(path, number, f'found the encoding "{found[1]}", expected utf-8', line.index(found[1]) + 1)


def _entries(text: str) -> Iterator[tuple[int, str | list[str]]]:
    """Each entry's line and the parts of its msgid, or a line's mistake."""
    last, begins, parts = "msgstr", 0, list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            yield number, f"found a line that is no part of a catalogue, {_FORM}"
            last = ""
        elif found[1] == last:
            yield (
                number,
                f"found {last} where a {'msgstr' if last == 'msgid' else 'msgid'} should stand, expected pairs",
            )
        elif found[1] == "msgid":
            last, begins, parts = "msgid", number, [found[2][1:-1]]
        elif found[1] == "msgstr":
            yield begins, parts
            last = "msgstr"
        elif found[2] and not begins:
            yield number, "found text before any msgid, expected msgid first"
        elif found[2] and last == "msgid":
            parts.append(found[2][1:-1])
    if last == "msgid":
        yield begins, "found a msgid without a msgstr, expected one in the next line"


def _fault(path: str, line: int, message: str, column: int = 1) -> Problem:
    return Problem(path=path, line=line, column=column, message=message, rule="broken-words")
