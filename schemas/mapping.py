"""How a file's columns become messages, as people write it in a mapping file. It reads no rows."""

from typing import Annotated, Literal

from msgspec import Meta, field

from schemas.authored import Authored, Name
from schemas.facts import Scalar

TopicName = Literal["leads", "engagement", "sales-feedback"]
Column = Annotated[
    str, Meta(min_length=1, description="A column by its name; in JSON lines, dots go inside: company.name.")
]


class Cell(Authored, frozen=True, kw_only=True):
    """A value: that of a ``column`` read ``as`` something, or a ``constant``. An empty cell has no value."""

    column: Annotated[str, Meta(description="The column where it stands.")] = ""
    constant: Annotated[Scalar, Meta(description="Instead of a column: the same for every row.")] = None
    as_: Annotated[
        Literal["text", "number", "yes_no", "date"],
        Meta(description="What the column holds: text (unless said), number, yes_no or date."),
    ] = field(name="as", default="text")
    format: Annotated[str, Meta(description="How dates are written, as %d.%m.%Y %H:%M; else ISO 8601 or an epoch.")] = (
        ""
    )
    zone: Annotated[str, Meta(description="Where the clock hangs that dates are told by, as Europe/Berlin.")] = ""
    decimal: Annotated[Literal[".", ","], Meta(description="What stands before a number's fraction.")] = "."
    values: Annotated[
        dict[str, Scalar],
        Meta(description="What certain texts stand for (null: no value), before anything else is tried."),
    ] = field(default_factory=dict)
    by_row: Annotated[
        str,
        Meta(description="For at, where no column has a date: rows are in order of time, a minute each, from here."),
    ] = ""


class Condition(Authored, frozen=True, kw_only=True):
    """When a row says something: its ``column`` has a value, one ``in`` a list, or none (``known: false``)."""

    column: Column
    in_: Annotated[tuple[str, ...], Meta(description="Its value is one of these texts.")] = field(name="in", default=())
    known: Annotated[bool, Meta(description="Without in: it has a value, or with false none.")] = True


class FactMapping(Authored, frozen=True, kw_only=True):
    """One message of a row: a name that intake knows (or a name of your own), its topic, time and fields."""

    event: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            description="Lead Created, Deal Won, Deal Lost, Identify, Page Viewed, or a track's name.",
        ),
    ]
    topic: Annotated[
        TopicName, Meta(description="leads for who they are, engagement for what they do, sales-feedback for outcomes.")
    ]
    when: Annotated[
        tuple[Condition, ...], Meta(description="All of them must hold; without any, every row says it.")
    ] = ()
    at: Annotated[str | Cell | None, Meta(description="When it happened: a column, or how to read one.")] = None
    fields: Annotated[
        dict[str, str | Cell], Meta(description="What catalogue.yaml calls it: the column where it stands.")
    ] = field(default_factory=dict)


class Mapping(Authored, frozen=True, kw_only=True):
    """A whole file: what it is, who a row is about, its ``facts``; or messages that go ``through`` by their type."""

    name: Name
    says: Annotated[str, Meta(description="What the file holds, for people.")] = ""
    format: Annotated[Literal["csv", "jsonl"], Meta(description="csv with a header, or jsonl: an object a line.")]
    delimiter: Annotated[
        str, Meta(min_length=1, max_length=1, description="What parts the cells of a CSV; a comma unless said.")
    ] = ","
    encoding: Annotated[str, Meta(description="utf-8 (with or without a byte order mark) unless said.")] = "utf-8"
    empty: Annotated[tuple[str, ...], Meta(description="Texts that mean that a cell of a CSV is empty, as n/a.")] = ()
    lead: Annotated[str, Meta(description="The column that says who a row is about: an id, or an e-mail address.")] = ""
    row_is_lead: Annotated[
        bool, Meta(description="No column says who a row is about: each is somebody else, known by its line.")
    ] = False
    key: Annotated[
        tuple[str, ...], Meta(description="Columns that name a row, where a lead has several; else the lead does.")
    ] = ()
    facts: Annotated[tuple[FactMapping, ...], Meta(description="What a row says: one message each.")] = ()
    through: Annotated[
        dict[str, TopicName], Meta(description="Instead of facts, for Segment's messages: the topic of each type.")
    ] = field(default_factory=dict)

    def columns(self) -> set[str]:
        """Every column that the mapping names."""
        cells = [cell for fact in self.facts for cell in (fact.at, *fact.fields.values())]
        named = {cell if isinstance(cell, str) else cell.column for cell in cells if cell is not None}
        return (named | {c.column for fact in self.facts for c in fact.when} | {self.lead, *self.key}) - {""}
