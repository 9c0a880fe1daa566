"""What `nurture check` teaches: each rule's law, why it matters, what to write. Examples are in MANUAL.md."""

from inspect import cleandoc
from pathlib import Path
from typing import Final

from agents.check.rules import DUE, RULES
from schemas.problem import UserError
from schemas.words import one_of

MANUAL: Final = Path(__file__).with_name("MANUAL.md")
_SPEAK_FOR_OTHERS: Final = {"missing-file", "finished-letter", "unknown-awaited"}  # they use ids of ALSO or others

ALSO: Final = {
    "file": """
    The file can be read, and every file that a workplace needs is there.

    A file that is missing, or lies where nobody reads it, would be a silence that nobody notices. Names are lower-case
    words joined with hyphens; what is no part of the workplace belongs elsewhere. A link that leads out of the
    workplace is not followed, and what is no file at all (a pipe, a device) is not opened.
    """,
    "size": """
    A file is not absurdly large.

    What people write and review fits into 200,000 bytes; more is a mistake, or an attack on whoever reads it. Split the
    file, or link to what is large.
    """,
    "encoding": """
    A file is UTF-8 text.

    Another encoding turns names into question marks in somebody's mailbox. Save the file as UTF-8, and take out control
    characters that came with a paste.
    """,
    "tab": """
    YAML is indented with spaces.

    How wide a tab is, every editor decides anew, and in YAML the indentation is the meaning. Let the editor write
    spaces.
    """,
    "yaml": """
    A file is YAML 1.2 and holds something.

    A quote or bracket that is not closed takes the rest of the file with it. The place is where the reader gave up; the
    cause is there or just above.
    """,
    "alias": """
    Values are written out, without anchors.

    An anchor says one thing in two places, so that one cannot be read, or changed, without the other; nine lines of
    them can grow to gigabytes. Repeat the value.
    """,
    "broken-words": """
    A catalogue of words (locales/*.po) is gettext in UTF-8, and says each thing once.

    A quote that is left open takes its words with it, and leads read another language than their own. Of two
    translations of the same words one would win, and not always the one that was meant.
    """,
    "attachment": """
    An e-mail carries no files: it links to them.

    Spam filters distrust attachments, phones cannot show them, and nobody can take back what was sent. Put the file on
    the website, and link to it; the link also tells whether anybody wanted it.
    """,
    "front-matter": """
    An e-mail begins with "---", its keys, and "---".

    The lines between the dashes tell the mailbox and colleagues what they need to know. Without them nobody could say
    whose e-mail it is.
    """,
    "unknown-key": """
    A key is one that the shape has.

    A misspelt key would be left out without a word, and what it should have said with it. The nearest known one is
    suggested.
    """,
    "missing-key": """
    A key that the shape needs is there.

    Without it the file could not be used. Write it down; what it means is in the file's schema, which editors show.
    """,
    "duplicate-key": """
    A key stands once.

    Of two values one would win, and not always the one that was meant. Keep one.
    """,
    "wrong-type": """
    A value is of its key's kind: a text, a number, a list, keys and values.

    YAML guesses what a value is; where it guesses otherwise than you meant, quotes help: "007" is text, 007 a number.
    """,
    "wrong-value": """
    A value is one of those that can be chosen, or within its bounds.

    The choices, and the form of a length of time, a date or a name, are part of the complaint.
    """,
    "unwritable": """
    An e-mail can be written at all, and is not too large.

    An e-mail that fails for everybody is best found here. Beyond about 102 KB Gmail clips a mail and hides its end, the
    unsubscribe link included: say less, or link to it.
    """,
    "no-unsubscribe": """
    Both parts of a letter to leads hold the unsubscribe link.

    The law wants it (RFC 8058, CAN-SPAM, GDPR), and whoever finds no way out presses "spam". Put {{ unsubscribe_url }}
    into both parts of the layout.
    """,
    "no-postal-address": """
    Both parts of a letter to leads hold the postal address.

    CAN-SPAM and others want to know where we live. Put {{ brand.postal_address }} into both parts of the layout.
    """,
    "long-subject": """
    A subject is read whole in a list of mails on a wide screen. A warning.

    Inboxes cut off what is beyond 70 characters, on phones about 40. Put what matters first, and leave out the rest.
    """,
    "large-move": """
    A change moves no more leads than was agreed (`--against`, and `nurture apply`).

    A threshold that slips by one digit moves half of the leads overnight. Agree on it with sales; then raise
    `most_moved`, or apply with `--yes-move`.
    """,
    "dead-link": """
    A link leads to a page that is there. Asked with `--links` only; a warning where nobody answers.

    Sites are rebuilt, and e-mails written before keep their old addresses. Open the page, and copy the address that it
    has now.
    """,
    "slow-experiment": """
    An experiment comes to a verdict within half a year, at the volume of `--facts`. A warning.

    To tell one share from another that is a quarter larger, at 5 % with 80 % power, takes thousands of leads. An
    experiment that cannot end costs attention and teaches nothing: try fewer variants, on a step that more leads reach.
    """,
    "low-contrast": """
    Text can be read on its ground, by day and in the dark (WCAG 2.2, AA).

    Grey on grey cannot be read in the sun, at sixty, or in dark mode. Take a darker colour on a light ground, or a
    lighter one on a dark ground; large text may be fainter.
    """,
}
"""What is said of a file before there is a rule's question to ask, and what the finished letters must hold."""


def manual() -> dict[str, str]:
    """Each rule's id as it stands in brackets behind a complaint: what it asks for, a blank line, and why."""
    named = {rule.__name__.replace("_", "-"): str(rule.__doc__) for rule in (*RULES, *DUE)}
    every = ALSO | {name: says for name, says in named.items() if name not in _SPEAK_FOR_OTHERS}
    return {name: cleandoc(says) for name, says in every.items()}


def law(says: str) -> str:
    """What a rule asks for, without why."""
    return says.partition("\n\n")[0]


def page(rule: str) -> str:
    """A rule's page of the manual, with an example that is wrong and one that is right. Raises UserError."""
    known = manual()
    if rule not in known:
        raise UserError(f'found the rule "{rule}", expected {one_of(rule, known)}')
    written = MANUAL.read_text(encoding="utf-8")
    return written.partition(f"\n## {rule}\n")[2].partition("\n## ")[0].strip()
