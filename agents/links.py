"""What answers behind the links of a workplace: pages that are gone, hosts that are silent. It reads none of them."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import aiohttp

from agents.check.draft import Draft, read_draft
from agents.check.mail import LINK
from agents.check.one import needs_of, workplace_of
from agents.check.templates import Written, templates
from schemas.problem import Problem

_WEBSITE: Final = re.compile(r"\{\{\s*brand\.website\s*\}\}")
_AT_ONCE: Final = 8
_PATIENCE: Final = aiohttp.ClientTimeout(total=10)
_GONE: Final = frozenset({404, 410})


def dead_links(path: Path) -> list[Problem]:
    """Links of a workplace, or of one file in it, that lead nowhere: errors when a host says so, else warnings."""
    alone = path.is_file()
    draft = read_draft(workplace_of(path), needs_of(path)) if alone else read_draft(path)
    written = [link for link in _links(draft) if not alone or link[0].path == str(path)]
    answers = asyncio.run(_answers({url for *_, url in written}))
    return sorted({problem for link in written for problem in _dead(*link, answers=answers)})


def _links(draft: Draft) -> Iterator[tuple[Written, int, str, str]]:
    """Each template with a link in it, its line, the link as written, and where it leads."""
    website = draft.brand.value.website.rstrip("/") if draft.brand else ""
    for template in templates(draft):
        for found in LINK.finditer(template.text):
            target = found["markdown"] or found["html"] or ""
            url = _WEBSITE.sub(website, target)
            if url.startswith("https://") and "{" not in url:
                yield template, template.text.count("\n", 0, found.start()) + 1, target, url


def _dead(template: Written, line: int, target: str, url: str, *, answers: Mapping[str, int]) -> Iterator[Problem]:
    status = answers[url]
    if not 200 <= status < 400:
        said = f"which answers {status}" if status else "where nobody answers"
        message = f'found a link to "{url}", {said}, expected a page that is there'
        yield template.problem(line, target, "dead-link", message, warning=status not in _GONE)


async def _answers(urls: set[str]) -> dict[str, int]:
    """The status of each page; 0 when nobody answers in time."""
    room = asyncio.Semaphore(_AT_ONCE)
    async with aiohttp.ClientSession(timeout=_PATIENCE) as session:

        async def status(url: str) -> int:
            async with room:
                try:
                    async with session.get(url) as answer:
                        return answer.status
                except (aiohttp.ClientError, TimeoutError, OSError):
                    return 0

        ordered = sorted(urls)
        return dict(zip(ordered, await asyncio.gather(*map(status, ordered)), strict=True))
