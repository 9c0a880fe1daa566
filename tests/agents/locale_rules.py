"""The rules about languages, as ``cases`` tries them: an author's line that is right, and the same line wrong."""

GERMAN = "---\nsubject: Hallo\n---\nGuten Tag!\n"
WORDS = 'msgid "Leave"\nmsgstr "Abmelden"\n'
SPOKEN = ("", GERMAN)
LAYOUT = "Leave: {{ unsubscribe_url }}"

# rule, file, what stands there, what may stand there, what may not, what is pointed at, where, and what stands beside
LOCALE_RULES = [
    ("broken-words", "locales/de.po", WORDS, WORDS.replace("Abmelden", "Austragen"), WORDS.replace('den"', "den"), 'msgstr "Ab'),
    ("broken-words", "locales/de.po", WORDS, f"{WORDS}# Leave\n", f"{WORDS}\n{WORDS}", ""),
    ("unknown-locale", "brand.yaml", "zones:", "locale: de-AT\nzones:", "locale: xy\nzones:", "xy"),
    ("empty-locale", "brand.yaml", "zones:", "locales: {DE: de}\nzones:", "locales: {FR: fr}\nzones:", "fr}", "", {"emails/hello.de.md": SPOKEN}),
    ("missing-translation", "programs/look.yaml", "\n  - {id: second, email: again, wait: 3 days}", "", "\n  - {id: second, email: again, wait: 4 days}", "again", "", {"emails/hello.de.md": SPOKEN}),
    ("untranslated-words", "layouts/letter.txt", LAYOUT, LAYOUT.replace("Leave", '{{ "Leave" | t }}'), LAYOUT.replace("Leave", '{{ "Go away" | t }}'), "Go away", "", {"emails/hello.de.md": SPOKEN, "locales/de.po": ("", WORDS)}),
]  # fmt: skip
