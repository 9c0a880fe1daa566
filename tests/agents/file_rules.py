"""The rules about files, finished letters and the day, as ``test_workplace`` tries them: a line right, and the same wrong."""

_SMALL_STEP = "\n  - {id: second, email: again, wait: 3 days}"
_SAVES = "saves, evidence: Readings, owner: ines@example.com, valid_until: "
_OPENS = "  - {id: opens, says: Opens, on: email.opened, points: 1"
_BESIDE_A_SUNSET = {"sending.yaml": ("caps:", "sunset: {after: 90 days}\ncaps:")}

# rule, file, what stands there, what may stand there, what may not, the text that is pointed at then; where, beside
FILE_RULES = [
    ("file", "layouts/letter.txt", "Leave:", "To leave:", None, ""),
    ("size", "claims.yaml", "says: It saves", "says: It saves a lot", "says: It saves" + " and saves" * 20_000, ""),
    ("encoding", "brand.yaml", "name: Oak\n", "name: Oak & Son\n", "name: Oak\x07\n", "\x07"),
    ("tab", "programs/look.yaml", "  - {id: first", "    - {id: first", "\t- {id: first", "\t- {id: first"),
    ("yaml", "sales.yaml", "reps: [{name: Jonas, email: jonas@oak.example}]", "reps: [{name: Jo, email: jo@oak.example}]", "reps: [{name: Jonas, email: jonas@oak.example]", ""),
    ("alias", "programs/look.yaml", "wait: 3 days", "wait: 4 days", "wait: &usual 3 days", "&usual"),
    ("missing-key", "programs/look.yaml", "name: Look\n", "name: A first look\n", "", "owner"),
    ("duplicate-key", "brand.yaml", "name: Oak\n", "name: Elm\n", "name: Oak\nname: Elm\n", "name: Elm"),
    ("wrong-type", "sales.yaml", "answer_within_business_days: 2", "answer_within_business_days: 3", "answer_within_business_days: two", "two"),
    ("wrong-value", "programs/look.yaml", "wait: 3 days", "wait: 2 business days", "wait: 3 workdays", "3 workdays"),
    ("wrong-value", "programs/look.yaml", "wait: 3 days", 'wait: "3 days"', 'wait: "3 days\\n"', '"3'),
    ("wrong-value", "scoring.yaml", "at_least: 200", "at_least: 9007199254740991", "at_least: " + "9" * 400, "99"),
    ("wrong-value", "programs/look.yaml", "name: Look", 'name: "\\U0001F600"', 'name: "\\uD83D"', '"\\uD83D'),
    ("wrong-value", "catalogue.yaml", "fields:\n", 'fields:\n  "\\u00E9": {type: text}\n', 'fields:\n  "\\uD83D": {type: text}\n', '"\\uD83D'),
    ("wrong-value", "scoring.yaml", "half_life: 21 days", "half_life: 1 hour", "half_life: 0 days", "0 days"),
    ("no-unsubscribe", "layouts/letter.txt", "Leave: {{ unsubscribe_url }}\n", "To hear no more: {{ unsubscribe_url }}\n", "", ""),
    ("no-postal-address", "layouts/letter.txt", "{{ brand.postal_address }}", "We live at {{ brand.postal_address }}", "Bremen", ""),
    ("low-contrast", "layouts/letter.mjml", "<mj-text>{{ body }}", '<mj-text color="#333333">{{ body }}', '<mj-text color="#bbbbbb">{{ body }}', ""),
    ("dead-link", "emails/hello.md", "[read on]({{ brand.website }}/guide)", "[write to us](mailto:hello@oak.example)", "[read on](https://127.0.0.1:9/guide)", "https://127"),
    ("large-move", "stages.yaml", "fit: 10, engagement: 5", "fit: 10, engagement: 9", "fit: 10, engagement: 49", "", "lifecycle.yaml"),
    ("unapproved", "emails/again.md", "layout: letter", "layout: letter\napprovals: []", "layout: letter\napprovals: [marketing]", ""),
    ("idle-email", "programs/look.yaml", _SMALL_STEP, _SMALL_STEP.replace("3 days", "5 days"), "", "owner", "emails/again.md"),
    ("lost-body", "layouts/letter.txt", "{{ body }}", "Good morning!\n\n{{ body }}", "Good morning!", ""),
    ("opens-as-life", "scoring.yaml", "  - {id: pricing", f"{_OPENS}, counts_as_interest: false}}\n  - {{id: pricing", f"{_OPENS}}}\n  - {{id: pricing", "email.opened", "", _BESIDE_A_SUNSET),
    ("review-due", "brand.yaml", "review_by: 2027-03-31", "review_by: 2026-12-31", "review_by: 2026-12-01", "2026-12-01"),
    ("expired-content", "emails/again.md", "review_by: 2027-03-31", "review_by: 2026-11-23", "review_by: 2026-11-22", "2026-11-22"),
    ("expired-claim", "claims.yaml", f"{_SAVES}2031-01-31", f"{_SAVES}2027-01-31", f"{_SAVES}2026-10-31", "saves]", "emails/hello.md"),
    ("spent-step", "programs/look.yaml", "wait: 3 days", "send_by: 2027-02-28", "send_by: 2026-02-28", "2026-02-28"),
]  # fmt: skip
