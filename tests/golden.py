"""Every shipped e-mail as every sample lead gets it, in files that are reviewed: a change of words shows in a diff.

``python -m tests.golden`` writes them (``make golden``); ``tests.agents.test_golden`` compares.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agents.preview.sample import values_for
from agents.render.renderer import Renderer, Unrenderable
from agents.workplace import Workplace, load_workplace

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "tests/letters"
_STYLES: Final = re.compile(
    r"<style\b.*?</style>|<!--.*?-->|\s(?:style|class|bgcolor|width|border|cell\w+|role|align)=\"[^\"]*\"", re.DOTALL
)
_BARE: Final = re.compile(r"</?(?:table|tbody|tr|td|div)\b[^>]*>")
_BLANK: Final = re.compile(r"\s*\n\s*")


def letters() -> Iterator[tuple[str, str]]:
    """The name of each file, and what stands in it; one for each language that an e-mail has."""
    workplace = load_workplace(ROOT / "templates")
    if not isinstance(workplace, Workplace):
        sys.exit("\n".join(map(str, workplace)))
    renderer = Renderer(workplace)
    for email in workplace.sources:
        locales = workplace.translations.get(email, {})
        for lead, sample in workplace.leads.items():
            for locale in (workplace.policy.brand.locale, *locales) if locales else ("",):
                written = renderer.preview(email, values_for(sample, locale))
                if isinstance(written, Unrenderable):
                    sys.exit(written.detail)
                name = ".".join(filter(None, (lead, locale)))
                head = f"Subject: {written.subject}\nPreheader: {written.preheader}\nLanguage: {written.locale}\n"
                yield f"{email}/{name}.txt", f"{head}\n{written.text.rstrip()}\n"
                yield f"{email}/{name}.html", said(written.html)


def said(html: str) -> str:
    """What an HTML part says and where it leads, without how it looks: one element a line."""
    body = _BARE.sub("\n", _STYLES.sub("", html))
    return _BLANK.sub("\n", re.sub(r"(<(?!/|a\b|b\b|strong|em\b|mark))", r"\n\1", body)).strip() + "\n"


def main() -> None:
    """Write them all anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, text in letters():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
