"""Logs are events with names, for people or for machines. As a last line of defence, it masks addresses and keys."""

import logging
import re
import sys
from typing import Any, Final, Literal, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from agents.process.calm import LIBRARIES, Calm

_PART: Final = r"[^\s@<>()\[\]{}\"'\\,;:=|]+"
_PRIVATE: Final = (
    (re.compile(rf"{_PART}@{_PART}\.\w{{2,}}"), "[address]"),
    (re.compile(r"SG\.[\w-]{22}\.[\w-]{43}"), "[key]"),
)


def configure_logging(
    level: Literal["debug", "info", "warning", "error"], form: Literal["console", "json"], to: TextIO = sys.stderr
) -> None:
    """Send our events, and what libraries log, to one stream. Libraries speak from ``warning`` on, unless debugging."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(to)
    handler.addFilter(Calm())
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(form, to), masked]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def masked(_logger: object, _method: str, line: Any) -> str:
    """A rendered line without anything that looks like an e-mail address or a SendGrid key. It comes after all else."""
    text = str(line)
    for pattern, instead in _PRIVATE:
        text = pattern.sub(instead, text)
    return text


def _renderer(form: Literal["console", "json"], to: TextIO) -> Processor:
    if form == "json":
        return _as_json
    return structlog.dev.ConsoleRenderer(colors=to.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _as_json(_logger: object, _method: str, event: EventDict) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()
