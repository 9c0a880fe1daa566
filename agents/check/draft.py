"""A workplace's files as far as they could be read, each with its places. It judges nothing across files."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from agents.check.files import ENDINGS, NAME, files_in, of_file, text_in
from agents.check.wordbook import read_words
from agents.render.source import EmailSource, Layout, Partial, Words
from schemas.brand import Brand
from schemas.catalogue import Catalogue
from schemas.email import Approval, Approvers, Claims, EmailMeta, Translation
from schemas.lifecycle import Lifecycle
from schemas.model import MAIN, Scoring, Stages
from schemas.problem import Problem
from schemas.program import Program
from schemas.questions import Journey
from schemas.read import Placed, read_placed
from schemas.sales import Sales
from schemas.sample import SampleLead
from schemas.sending import Sending

T = TypeVar("T")
_FENCE: Final = re.compile(r"^---[ \t]*$", re.MULTILINE)


class EmailDraft(Struct, frozen=True):
    """An e-mail that could be read."""

    meta: Placed[EmailMeta]
    source: EmailSource
    lines: tuple[str, ...]


class ModelDraft(Struct, frozen=True):
    """A model beside the main one, as far as it could be read."""

    scoring: Placed[Scoring] | None
    stages: Placed[Stages] | None


class Draft(Struct):
    """Everything that could be read; None and gaps stand for what could not, and ``problems`` says why.

    ``names`` holds what exists by name in each folder, readable or not, so that one mistake is not reported as two.
    """

    folder: Path
    names: dict[str, list[str]]
    brand: Placed[Brand] | None = None
    catalogue: Placed[Catalogue] | None = None
    scoring: Placed[Scoring] | None = None
    stages: Placed[Stages] | None = None
    lifecycle: Placed[Lifecycle] | None = None
    sending: Placed[Sending] | None = None
    sales: Placed[Sales] | None = None
    claims: Placed[Claims] | None = None
    journey: Placed[Journey] | None = None
    approvers: Placed[Approvers] | None = None
    approvals: dict[str, Placed[Approval]] = {}
    programs: dict[str, Placed[Program]] = {}
    emails: dict[str, EmailDraft] = {}
    translations: dict[str, dict[str, EmailDraft]] = {}
    words: dict[str, Words] = {}
    layouts: dict[str, Layout] = {}
    partials: dict[str, Partial] = {}
    leads: dict[str, Placed[SampleLead]] = {}
    models: dict[str, ModelDraft] = {}
    problems: list[Problem] = []

    def views(self) -> list["Draft"]:
        """The workplace as each model sees it: with its own points, stages and programs only."""
        files = {MAIN: ModelDraft(self.scoring, self.stages), **self.models}
        return [self._seen_by(name, files) for name in files]

    def _seen_by(self, model: str, files: dict[str, ModelDraft]) -> "Draft":
        own = {name: program for name, program in self.programs.items() if program.value.model == model}
        known = [name for name in self.names["programs"] if name in own or name not in self.programs]
        return replace(
            self,
            scoring=files[model].scoring,
            stages=files[model].stages,
            programs=own,
            names=self.names | {"programs": known},
            models=files,
        )

    def stage_ids(self) -> list[str]:
        """The stages of every model."""
        journeys = (self.stages, *(model.stages for model in self.models.values()))
        ids = (stage.id for journey in journeys if journey is not None for stage in journey.value.stages)
        return list(dict.fromkeys(ids))

    def letters(self) -> Iterator[EmailDraft]:
        """Every e-mail, and every translation of one."""
        yield from self.emails.values()
        for translations in self.translations.values():
            yield from translations.values()

    def text(self, path: Path) -> str | None:
        """A file's text, or None after saying why not."""
        text = text_in(self.folder, path)
        if isinstance(text, str):
            return text
        self.problems += text
        return None

    def value(self, path: Path, shape: type[T], text: str | None = None) -> Placed[T] | None:
        """A file as a shape, or None after saying why not."""
        text = self.text(path) if text is None else text
        if text is None:
            return None
        placed = read_placed(str(path), text, shape)
        if isinstance(placed, Placed):
            return placed
        self.problems += placed
        return None


_ALONE: Final[dict[str, type[Struct]]] = {
    "brand": Brand,
    "catalogue": Catalogue,
    "scoring": Scoring,
    "stages": Stages,
    "lifecycle": Lifecycle,
    "sending": Sending,
    "sales": Sales,
    "claims": Claims,
    "journey": Journey,
    "approvers": Approvers,
}
_OPTIONAL: Final = frozenset({"claims", "journey", "approvers"})
Needs = Callable[[Draft, str, Path], bool]
"""Whether a file of a folder such as ``emails`` ("": of none) is to be read, given what has been read so far."""


def read_draft(folder: Path, needs: Needs = lambda *_: True) -> Draft:
    """Every file of a workplace that is needed. Raises nothing that a file could cause."""
    draft = Draft(folder, {kind: [] for kind in ENDINGS})
    if not folder.is_dir():
        draft.problems.append(
            of_file(folder, "found no workplace here, expected a folder such as templates/, or a file in one")
        )
        return draft
    for name, shape in _ALONE.items():
        path = folder / f"{name}.yaml"
        if needs(draft, "", path) and (name not in _OPTIONAL or path.exists()):
            setattr(draft, name, draft.value(path, shape))
    _read_folders(draft, needs)
    return draft


def _read_folders(draft: Draft, needs: Needs) -> None:
    files = {kind: _files(draft, kind) for kind in ENDINGS}

    def needed(kind: str) -> Iterator[Path]:
        return (path for path in files[kind] if needs(draft, kind, path))

    for path in needed("programs"):
        _keep(draft.programs, path, draft.value(path, Program))
    for path in needed("leads"):
        _keep(draft.leads, path, draft.value(path, SampleLead))
    _read_emails(draft, needed("emails"))
    for path in needed("locales"):
        _keep(draft.words, path, _words(draft, path))
    for path in needed("layouts"):
        if path.suffix == ".mjml":
            _keep(draft.layouts, path, _layout(draft, path))
    for path in needed("partials"):
        _keep(draft.partials, path, _partial(draft, path))
    _read_approvals(draft, [path for kind in ENDINGS if kind.startswith("approvals") for path in needed(kind)])
    for path in sorted(path for path in (draft.folder / "models").glob("*") if path.is_dir()):
        _keep(draft.models, path, _model(draft, path))


def _read_approvals(draft: Draft, paths: list[Path]) -> None:
    for path in paths:
        if (record := draft.value(path, Approval)) is not None:
            draft.approvals[path.relative_to(draft.folder / "approvals").with_suffix("").as_posix()] = record


def _keep(into: dict[str, T], path: Path, value: T | None) -> None:
    if value is not None:
        into[path.stem] = value


def _files(draft: Draft, kind: str) -> list[Path]:
    found, problems = files_in(draft.folder, kind)
    draft.problems += problems
    draft.names[kind] = sorted({path.stem for path in found if "." not in path.stem})
    return found


def _read_emails(draft: Draft, paths: Iterable[Path]) -> None:
    """E-mails, and then what is a translation of one."""
    for path in sorted(paths, key=lambda path: "." in path.stem):
        name, _, locale = path.stem.partition(".")
        original = draft.emails.get(name)
        if not locale:
            _keep(draft.emails, path, _email(draft, path))
        elif original is not None:
            if (found := _email(draft, path, original)) is not None:
                draft.translations.setdefault(name, {})[locale] = found
        elif name not in draft.names["emails"]:
            draft.problems.append(of_file(path, f'found a translation, expected the e-mail "{name}" beside it'))


def _email(draft: Draft, path: Path, original: EmailDraft | None = None) -> EmailDraft | None:
    text = draft.text(path)
    if text is None:
        return None
    fences = list(_FENCE.finditer(text))
    if len(fences) < 2 or fences[0].start() != 0:
        message = 'found no front matter, expected "---", owner, review_by, subject and so on, "---", then the text'
        draft.problems.append(Problem(path=str(path), message=message, rule="front-matter"))
        return None
    # the first fence becomes an empty line, so that YAML counts lines as the author does
    meta = _meta(draft, path, "\n" + text[fences[0].end() + 1 : fences[1].start()], original)
    if meta is None:
        return None
    name, _, locale = path.stem.partition(".")
    source = EmailSource(
        id=name,
        locale=locale,
        path=str(path),
        meta=meta.value,
        written_in="mjml" if path.suffix == ".mjml" else "markdown",
        body=text[fences[1].end() + 1 :],
        body_line=text.count("\n", 0, fences[1].end()) + 2,
        source_hash=hashlib.sha256(text.encode()).hexdigest()[:16],
    )
    return EmailDraft(meta, source, tuple(text.split("\n")))


def _meta(draft: Draft, path: Path, text: str, original: EmailDraft | None) -> Placed[EmailMeta] | None:
    if original is None:
        return draft.value(path, EmailMeta, text)
    said = draft.value(path, Translation, text)
    if said is None:
        return None
    meta, own = original.meta.value, said.value
    subjects = {**dict.fromkeys(meta.subjects, own.subject), **own.subjects}
    merged = replace(meta, subject=own.subject, preheader=own.preheader, subjects=subjects)
    return Placed(said.path, merged, said.places)


def _words(draft: Draft, path: Path) -> Words | None:
    text = draft.text(path)
    if text is None:
        return None
    said = read_words(str(path), text)
    if isinstance(said, dict):
        return Words(locale=path.stem, path=str(path), said=said)
    draft.problems += said
    return None


def _layout(draft: Draft, path: Path) -> Layout | None:
    mjml, text = draft.text(path), draft.text(path.with_suffix(".txt"))
    return None if mjml is None or text is None else Layout(name=path.stem, path=str(path), mjml=mjml, text=text)


def _model(draft: Draft, path: Path) -> ModelDraft | None:
    if not NAME.fullmatch(path.name) or path.name == MAIN:
        message = f'found the name "{path.name}", expected lower-case words joined with hyphens, other than {MAIN}'
        draft.problems.append(of_file(path, message))
        return None
    return ModelDraft(draft.value(path / "scoring.yaml", Scoring), draft.value(path / "stages.yaml", Stages))


def _partial(draft: Draft, path: Path) -> Partial | None:
    text = draft.text(path)
    return None if text is None else Partial(name=path.stem, path=str(path), mjml=text)


def plain_brand(draft: Draft) -> dict[str, object]:
    """The brand as templates see it; empty when it could not be read."""
    return msgspec.to_builtins(draft.brand.value) if draft.brand else {}
