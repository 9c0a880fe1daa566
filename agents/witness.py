"""What git tells of approvals: who wrote a text, and who committed its record. Without git it has nothing to say."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from agents.check.approval import Work, works
from agents.check.draft import read_draft
from agents.git import at_revision, told
from schemas.email import Approval
from schemas.problem import Problem, UserError
from schemas.read import Placed

PROVEN: Final = ("G", "U")
"""What git calls a good signature; U: by somebody whom this machine does not know well."""
_RECORDS, _LIST = "approvals", "approvers.yaml"
_CONTENT: Final = ("brand.yaml", "emails", "layouts", "partials")
_COMMIT: Final = "--format=%x01%H%x02%ae%x02%ce%x02%(trailers:key=Co-authored-by,separator=%x2c)%x02"
_ADDRESS: Final = re.compile(r"<([^<>]+)>")
_FILE: Final = re.compile(r"^\+\+\+ (.+?)\t?$", re.MULTILINE)
_HASH: Final = re.compile(r"^\+hash: \W?(\w+)", re.MULTILINE)
_PLAIN: Final = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--no-prefix", "--unified=0")


class _Commit(Struct, frozen=True):
    """A commit: the addresses of those who made it, and of those whom its message calls authors, in small letters.

    ``shows`` is its patch, or the names of its files, a line each.
    """

    id: str
    author: str
    committer: str
    others: frozenset[str]
    shows: str


def signs(folder: Path) -> bool:
    """Whether git is set to sign commits there."""
    return told(folder, "config", "--type=bool", "--default", "false", "--get", "commit.gpgsign") == "true"


def authors(folder: Path, work: Work) -> set[str]:
    """Who wrote what stands in a work and was not approved before, in small letters; co-authors have written it too."""
    former = set(_HASH.findall(told(folder, "log", "-p", *_PLAIN, "--", f"{_RECORDS}/{work.name}.yaml"))) - {work.hash}
    found: set[str] = set()
    for commit in _commits(folder, *(str(path.absolute()) for path in work.files)):
        if former and _hash_at(folder, work, commit) in former:
            break
        found |= {commit.author, *commit.others}
    return found


def unproven(folder: Path) -> list[Problem]:
    """What git tells against the records of a workplace: they name others than committed them, or an author.

    Nothing when the list of approvers is not in git. A record that was committed together with the list is vouched for
    by whoever keeps the list: so come workplaces that are copied, and clones without their history.
    """
    records = read_draft(folder, lambda _, kind, __: kind.startswith(_RECORDS)).approvals
    try:
        known = list(_commits(folder, _RECORDS, _LIST, "-p", *_PLAIN)) if records else []
        if not any(_LIST in _FILE.findall(commit.shows) for commit in known):
            return []
        story = list(_commits(folder, _RECORDS, *_CONTENT, "--name-only", "--no-renames"))
        changed = told(folder, "diff", "--name-only", "--relative", "HEAD", "--", _RECORDS).splitlines()
        proof = signs(folder)
    except UserError:
        return []
    found: list[Problem] = []
    for name, record in records.items():
        file = f"{_RECORDS}/{name}.yaml"
        own = [commit for commit in known if file in _FILE.findall(commit.shows)]
        first = next((index for index, commit in enumerate(own) if _HASH.search(_part(commit.shows, file))), len(own))
        about_it = [] if file in changed else own[: first + 1]
        wrote = _wrote(name, about_it, own[first + 1 :], story)
        found += _told_against(folder, record, about_it, wrote, proof=proof)
    return sorted(found)


def _wrote(name: str, about_it: list[_Commit], before: list[_Commit], story: list[_Commit]) -> set[str]:
    """Who wrote a text between its approval and the one before.

    Of the commit that brought both only its author counts: in a squashed one the co-authors are those who approved.
    """
    if not about_it:
        return set()
    ids = [commit.id for commit in story]
    start, end = ids.index(about_it[-1].id), ids.index(before[0].id) if before else len(ids)
    own = [one for one in story[start:end] if name in {file.rpartition(".")[0] for file in one.shows.split()}]
    return {who for one in own for who in (one.author, *(() if one.id == ids[start] else one.others))}


def _part(patch: str, file: str) -> str:
    """What a patch does to one file."""
    return patch.partition(f"\n+++ {file}")[2].partition("\ndiff --git")[0]


def _told_against(
    folder: Path, record: Placed[Approval], own: list[_Commit], wrote: set[str], *, proof: bool
) -> Iterator[Problem]:
    if own and _LIST in _FILE.findall(own[0].shows):
        return
    for side, who in record.value.by.items():
        if not own:
            message = f'found an approval that is not committed, expected a commit by "{who}": others cannot see it yet'
            yield record.problem(("by", side), "unapproved", message, warning=True)
        elif not any(who.lower() in _makers(commit, proof=proof) for commit in own):
            message = f'found an approval by "{who}", committed by "{own[0].author}", expected a commit by "{who}"'
            yield record.problem(("by", side), "unapproved", message)
        elif who.lower() in wrote:
            message = f'found an approval by "{who}", who wrote some of it, expected another pair of eyes'
            yield record.problem(("by", side), "unapproved", message)
        elif proof and not _signed(folder, own, who.lower()):
            message = f'found an approval by "{who}" without a good signature of theirs, expected one: git signs here'
            yield record.problem(("by", side), "unapproved", message)


def _makers(commit: _Commit, *, proof: bool) -> set[str]:
    """Whose commit it is; where commits are signed, what its message says of others proves nothing."""
    return {commit.author, commit.committer} | (set() if proof else commit.others)


def _signed(folder: Path, commits: list[_Commit], who: str) -> bool:
    """Whether one of the commits has a good signature that bears this address."""
    shown = told(folder, "log", "--no-walk", "--format=%G? %GS", *(commit.id for commit in commits))
    return any(line[0] in PROVEN and who in line.lower() for line in shown.splitlines())


def _commits(folder: Path, *asked: str) -> Iterator[_Commit]:
    """The commits that touch some files, the newest first; with ``-p`` each with its patch."""
    options, files = [one for one in asked if one.startswith("-")], [one for one in asked if not one.startswith("-")]
    for part in told(folder, "log", "--relative", _COMMIT, *options, "--", *files).split("\x01")[1:]:
        name, author, committer, trailers, patch = part.split("\x02", 4)
        others = frozenset(address.lower() for address in _ADDRESS.findall(trailers))
        yield _Commit(name, author.lower(), committer.lower(), others, patch)


def _hash_at(folder: Path, work: Work, commit: _Commit) -> str:
    """The hash that the work had at a commit; empty when it was not there."""
    stem = work.name.rpartition("/")[2].partition(".")[0]
    with at_revision(folder, commit.id) as then:
        before = read_draft(then, lambda _, kind, path: not kind or path.stem.partition(".")[0] == stem)
        return next((one.hash for name, one in works(before).items() if name == work.asked), "")
