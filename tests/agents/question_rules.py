"""The rules about questions, as ``test_workplace`` tries them: an author's line that is right, and the same line wrong."""

# rule, file, what stands there, what may stand there, what may not, and the text that is pointed at then
QUESTION_RULES = [
    ("unknown-question", "emails/again.md", "What is it worth?", "'What is it worth?'", "What is it wroth?", "What is it wroth?"),
    ("unknown-persona", "journey.yaml", "[boss]", "['boss']", "[bos]", "bos]"),
    ("unknown-persona", "emails/again.md", "layout: letter", "layout: letter\npersona: boss", "layout: letter\npersona: bos", "bos\n"),
    ("unknown-persona", "programs/look.yaml", "name: Look\n", "name: Look\npersonas: [boss]\n", "name: Look\npersonas: [bos]\n", "bos]"),
    ("misplaced-answer", "emails/again.md", "layout: letter", "layout: letter\nstage: aware", "layout: letter\nstage: ready", "ready"),
    ("unanswered-question", "journey.yaml", "personas: [boss]}", "personas: [boss]}\n", "personas: [boss]}\n  - {asks: 'Who else has it?', stage: aware}", "{asks: 'Who"),
    ("unknown-stage", "journey.yaml", "stage: aware", "stage: 'aware'", "stage: awaer", "awaer"),
    ("duplicate-id", "journey.yaml", "questions:", "  - {id: clerk, says: Asks, when: {field: role, is: clerk}}\nquestions:", "  - {id: boss , says: Asks, when: {field: role, is: clerk}}\nquestions:", "boss ,"),
    ("unknown-field", "journey.yaml", "field: role", "field:  role", "field: rolle", "rolle"),
    ("misplaced-window", "journey.yaml", "{field: role, is: boss}", "{field: role, is: clerk}", "{did: pricing}", "pricing}"),
]  # fmt: skip
