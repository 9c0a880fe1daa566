"""The rules about experiments, as ``test_workplace`` tries them: an author's line that is right, and the same wrong."""

_ASKS = {"emails/again.md": ("subject: Again", "subject: Again\nsubjects: {asks: 'Again?'}")}
_FINE = "wait: 3 days, variants: [{id: plain, weight: 3}, {id: asks, subject: asks}]"

# rule, file, what stands there, what may stand there, what may not, and the text that is pointed at then
EXPERIMENT_RULES = [
    ("unclear-experiment", "programs/look.yaml", "wait: 3 days", _FINE, "wait: 3 days, variants: [{id: asks, subject: asks}]", "[{id: asks", "", _ASKS),
    ("unclear-experiment", "programs/look.yaml", "wait: 3 days", _FINE, "wait: 3 days, variants: [{id: plain}, {id: plain, subject: asks}]", "[{id: plain", "", _ASKS),
    ("unclear-experiment", "programs/look.yaml", "wait: 3 days", _FINE, "wait: 3 days, variants: [{id: plain}, {id: same, email: again}]", "[{id: plain", "", _ASKS),
    ("unclear-experiment", "programs/look.yaml", "wait: 3 days", _FINE, "wait: 3 days, variants: [{id: asks, subject: asks}, {id: other, email: third}]", "[{id: asks", "", _ASKS),
    ("unknown-subject", "programs/look.yaml", "wait: 3 days", _FINE, "wait: 3 days, variants: [{id: plain}, {id: asks, subject: aks}]", "aks}]", "", _ASKS),
    ("unknown-email", "programs/look.yaml", "wait: 3 days", _FINE, "wait: 3 days, variants: [{id: plain}, {id: other, email: agian}]", "agian", "", _ASKS),
    ("email-kind", "programs/look.yaml", "wait: 3 days", _FINE, "wait: 3 days, variants: [{id: plain}, {id: other, email: handoff-notice}]", "handoff-notice", "", _ASKS),
    ("repeated-email", "programs/look.yaml", "wait: 3 days", _FINE, "wait: 3 days, variants: [{id: plain}, {id: other, email: hello}]", "hello}]", "", _ASKS),
    ("wrong-value", "programs/look.yaml", "wait: 3 days", _FINE, "wait: 3 days, variants: [{id: plain, weight: 0}, {id: asks, subject: asks}]", "0}, {id", "", _ASKS),
    ("wrong-value", "sending.yaml", "quiet_hours", "holdout: 10\nquiet_hours", "holdout: 60\nquiet_hours", "60"),
    ("unknown-variable", "emails/again.md", "subject: Again", "subject: Again\nsubjects: {asks: 'To {{ lead.email }}?'}", "subject: Again\nsubjects: {asks: 'To {{ led.email }}?'}", "led"),
    ("long-subject", "emails/again.md", "subject: Again", "subject: Again\nsubjects: {asks: Again?}", f"subject: Again\nsubjects: {{asks: {'Again ' * 13}}}", "Again Again"),
    ("slow-experiment", "programs/look.yaml", "wait: 3 days", "wait: 4 days", "wait: 3 days, variants: [{id: plain}, {id: asks, subject: asks}]", "[{id: plain", "", _ASKS),
    ("slow-experiment", "sending.yaml", "quiet_hours", "holdout: 0\nquiet_hours", "holdout: 10\nquiet_hours", "10"),
]  # fmt: skip
