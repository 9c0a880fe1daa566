"""A file as rows, one at a time whatever its size: CSV or JSON lines, also gzipped. It gives no column a meaning."""

import codecs
import csv
import difflib
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

from schemas.mapping import Mapping
from schemas.words import counted

_MOST_CELL: Final = 131_072
_MOST_LINE: Final = 1_000_000  # more than any record may have (schemas.codec.MOST_BYTES)
_SPREADSHEETS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
_UTF_16: Final = ("\udcff\udcfe", "\udcfe\udcff")  # its byte order marks, taken for UTF-8
_DELIMITERS: Final = ";\t|,"
_BROKEN_FILE: Final = (EOFError, OSError, UnicodeError, zlib.error)


class Row(NamedTuple):
    """What one row holds by column, and the line where it starts; ``raw`` is the line itself (JSON lines)."""

    line: int
    cells: dict[str, Any]
    raw: bytes = b""


class BadRow(NamedTuple):
    """A row that cannot be read or said: what was found and expected. After the ``last`` one, the file is broken."""

    line: int
    detail: str
    last: bool = False


class UnreadableError(Exception):
    """The file as a whole cannot be read: one sentence."""


def rows_of(path: Path, mapping: Mapping, tell: Callable[[int], None]) -> Iterator[Row | BadRow]:
    """Every row of the file, header and blank lines apart; ``tell`` hears how many bytes of the file are behind us.

    Raises UnreadableError before the first row; later trouble is a BadRow, the last one where reading had to end.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreadableError(
            f"found no file that can be read ({error.strerror}), expected CSV or JSON lines"
        ) from None
    with file:
        plain: Any = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
        yield from _told(_csv(plain, mapping) if mapping.format == "csv" else _jsonl(plain), file, tell)


def _told(rows: Iterator[Row | BadRow], file: BinaryIO, tell: Callable[[int], None]) -> Iterator[Row | BadRow]:
    for number, row in enumerate(rows):
        if number % 1_000 == 0 and file.seekable():
            tell(file.tell())
        yield row


def _csv(file: Any, mapping: Mapping) -> Iterator[Row | BadRow]:
    _refuse_spreadsheet(file)
    encoding = "utf-8-sig" if codecs.lookup(mapping.encoding).name == "utf-8" else mapping.encoding
    csv.field_size_limit(_MOST_CELL)
    with io.TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="") as text:
        reader = csv.reader(text, delimiter=mapping.delimiter, strict=True)
        header = _header(reader, mapping)
        _refuse_missing(mapping, header)
        yield from _table(reader, header, frozenset(mapping.empty))


def _refuse_spreadsheet(file: Any) -> None:
    try:
        start = file.peek(4)
    except _BROKEN_FILE:
        return  # who reads on says it
    if start.startswith(_SPREADSHEETS):
        raise UnreadableError("found a spreadsheet, expected a table of text: save it as CSV (UTF-8)")


def _table(reader: Any, header: list[str], empty: frozenset[str]) -> Iterator[Row | BadRow]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            through = f" through line {reader.line_num}" if reader.line_num > line else ""
            yield BadRow(
                line, f"found a row that is no CSV{through} ({error}), expected quotes around cells to be closed"
            )
        except _BROKEN_FILE as error:
            yield BadRow(line, f"found the end of what can be read ({error}), expected the file to be whole", last=True)
            return
        else:
            if cells:
                yield _row(
                    line, header, [cell if cell.strip() not in empty else "" for cell in cells] if empty else cells
                )


def _header(reader: Any, mapping: Mapping) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except (csv.Error, *_BROKEN_FILE) as error:
        raise UnreadableError(
            f'found no header that can be read ({error}), expected the names of columns between "{mapping.delimiter}" '
            f"(delimiter in the mapping)"
        ) from None
    if not header:
        raise UnreadableError("found an empty file, expected a header with the names of columns")
    if not all(map(_decoded, header)):
        like = "utf-16" if header[0].startswith(_UTF_16) else "windows-1252"
        raise UnreadableError(
            f"found a header that is not {mapping.encoding}, expected the file's encoding in the mapping, "
            f"such as encoding: {like}"
        )
    if twice := {name for name in header if header.count(name) > 1}:
        raise UnreadableError(f"found the column {min(twice)!r} more than once in the header, expected each once")
    return header


def _refuse_missing(mapping: Mapping, header: list[str]) -> None:
    for column in sorted(mapping.columns() - set(header)):
        close = difflib.get_close_matches(column, header, n=1)
        hint = f'did you mean "{close[0]}"?' if close else "the header has " + ", ".join(header[:20])
        if len(header) == 1 and (other := next((mark for mark in _DELIMITERS if mark in header[0]), "")):
            written = other.replace("\t", r"\t")
            hint = f'the header is one column, "{header[0][:60]}"; write delimiter: "{written}" in the mapping'
        raise UnreadableError(f'found no column "{column}", which the mapping {mapping.name} expects; {hint}')


def _row(line: int, header: list[str], cells: list[str]) -> Row | BadRow:
    if len(cells) != len(header):
        return BadRow(line, f"found {counted(len(cells), 'cell')}, expected {len(header)} as in the header")
    if not all(map(_decoded, cells)):
        return BadRow(
            line, "found bytes that are not in the file's encoding, expected text (see encoding in the mapping)"
        )
    return Row(line, dict(zip(header, cells, strict=True)))


def _decoded(cell: str) -> bool:
    return cell.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in cell)


def _jsonl(file: Any) -> Iterator[Row | BadRow]:
    line = 0
    while True:
        line += 1
        try:
            raw = _line(file)
        except _BROKEN_FILE as error:
            yield BadRow(line, f"found the end of what can be read ({error}), expected the file to be whole", last=True)
            return
        if not raw:
            return
        if len(raw) > _MOST_LINE:
            yield BadRow(line, f"found a line of more than {_MOST_LINE:,} bytes, expected at most that")
        elif raw.strip():
            yield _object(line, raw.removeprefix(codecs.BOM_UTF8).strip())


def _line(file: Any) -> bytes:
    """The next line; of an endless one only the beginning is kept."""
    raw: bytes = file.readline(_MOST_LINE + 1)
    rest = raw
    while len(rest) > _MOST_LINE and not rest.endswith(b"\n"):
        rest = file.readline(_MOST_LINE + 1)
    return raw


def _object(line: int, raw: bytes) -> Row | BadRow:
    try:
        cells = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return BadRow(line, f"found a line that is not JSON ({error}), expected one object a line")
    if not isinstance(cells, dict):
        return BadRow(line, "found JSON that is no object, expected one object a line")
    return Row(line, cells, raw)
