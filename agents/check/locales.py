"""Rules about languages: they exist, something is written in each, and what is begun in one is ended in it."""

from collections.abc import Iterator

from jinja2 import nodes
from msgspec.structs import replace

from agents.check.draft import Draft
from agents.check.names import emails_of
from agents.check.templates import parsed, templates
from agents.render.partials import included
from agents.render.tongue import family, locale_of
from schemas.problem import Problem


def unknown_locale(draft: Draft) -> Iterator[Problem]:
    """A language is one of the world's, and a country one in which it is spoken.

    Dates and numbers are written as it is done there, so we must know how. The names are Unicode's: de, de-AT.
    """
    for problem, locale in _named(draft):
        if locale_of(locale) is None:
            message = f'found the locale "{locale}", expected a language and perhaps its country, as "de" or "de-AT"'
            yield replace(problem, message=message)


def empty_locale(draft: Draft) -> Iterator[Problem]:
    """Something is written in a language that leads are to read, or that words are translated into.

    Leads of that country would get every e-mail in the brand's own language, and nobody would know. Translate an
    e-mail, or take the language out.
    """
    written = {
        name for translations in draft.translations.values() for locale in translations for name in family(locale)
    }
    if draft.brand is not None:
        own = draft.brand.value.locale
        for country, locale in draft.brand.value.locales.items():
            if not set(family(locale)) & {*written, *family(own)}:
                message = f'found "{locale}" for {country}, expected an e-mail in it, such as emails/NAME.{locale}.md'
                yield draft.brand.problem(("locales", country), "empty-locale", message)
    for words in draft.words.values():
        if words.locale not in written:
            message = (
                f'found words in "{words.locale}", expected an e-mail in it, such as emails/NAME.{words.locale}.md'
            )
            yield Problem(path=words.path, message=message, rule="empty-locale")


def missing_translation(draft: Draft) -> Iterator[Problem]:
    """A program that speaks a language speaks it in each of its e-mails. A warning.

    Who is told the first thing in German and the second in English wonders who is writing. The e-mail as it is goes out
    until the translation is there.
    """
    for program in draft.programs.values():
        sent = [(at, name) for at, name in emails_of(program.value) if name in draft.emails]
        spoken = {locale for _, name in sent for locale in draft.translations.get(name, {})}
        for at, name in sent:
            for locale in sorted(spoken - {*draft.translations.get(name, {})}):
                message = f'found "{name}" not in "{locale}" as others here, expected emails/{name}.{locale}.md'
                yield program.problem(at, "missing-translation", message, warning=True)


def untranslated_words(draft: Draft) -> Iterator[Problem]:
    """What a layout says around an e-mail is translated into each language that its e-mails are written in. A warning.

    A German letter with an English footer looks like a mistake, and the footer is what the law asks for. Write the
    words into the catalogue of the language.
    """
    around = _around(draft)
    for written in templates(draft):
        tree = parsed(written.text)
        if not isinstance(tree, nodes.Template) or written.path not in around:
            continue
        for one in tree.find_all(nodes.Filter):
            if one.name == "t" and isinstance(one.node, nodes.Const):
                said = str(one.node.value)
                for locale in sorted(around[written.path]):
                    if not any(said in draft.words[name].said for name in family(locale) if name in draft.words):
                        message = f'found "{said}" without words in "{locale}", expected them in locales/{locale}.po'
                        yield written.problem(one.lineno, said, "untranslated-words", message, warning=True)


def _around(draft: Draft) -> dict[str, set[str]]:
    """The languages that are spoken in each layout and partial, by its path."""
    found: dict[str, set[str]] = {}
    for translations in draft.translations.values():
        for locale, email in translations.items():
            layout = draft.layouts.get(email.meta.value.layout)
            if layout is None:
                continue
            partials = [draft.partials[name].path for name in included(layout.mjml) if name in draft.partials]
            for path in (layout.path, layout.path.removesuffix(".mjml") + ".txt", *partials):
                found.setdefault(path, set()).add(locale)
    return found


def _named(draft: Draft) -> Iterator[tuple[Problem, str]]:
    """Every locale, and where it is named."""
    rule = "unknown-locale"
    if (brand := draft.brand) is not None:
        yield brand.problem(("locale",), rule, ""), brand.value.locale
        yield from (
            (brand.problem(("locales", country), rule, ""), name) for country, name in brand.value.locales.items()
        )
    for translations in draft.translations.values():
        yield from ((email.meta.problem((), rule, ""), locale) for locale, email in translations.items())
    yield from ((Problem(path=words.path, message="", rule=rule), words.locale) for words in draft.words.values())
