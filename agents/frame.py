"""Pages that need no network: the frame around what a command has to show. It knows no content."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

_HERE = Path(__file__).parent


def framed(template: Path, **values: Any) -> str:
    """A page as HTML; ``template`` extends ``frame.html``."""
    folders = FileSystemLoader([template.parent, _HERE])
    return Environment(autoescape=True, loader=folders).get_template(template.name).render(**values)
