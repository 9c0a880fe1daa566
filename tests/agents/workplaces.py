"""A workplace as small as can be, as texts by path: rules are tried by changing one line of it."""

from pathlib import Path

OWNED = "owner: ines@example.com\nreview_by: 2027-03-31\n"
SMALL = {
    "brand.yaml": OWNED
    + """name: Oak
website: https://oak.example
from_name: Ines
from_email: ines@oak.example
reply_to: hello@oak.example
postal_address: Oak & Son, 1 Wood Street, Bremen
time_zone: Europe/Berlin
zones: {NO: Europe/Oslo}
colours: {accent: "#0b6e4f"}
""",
    "catalogue.yaml": OWNED
    + """fields:
  email: {type: text}
  first_name: {type: text}
  role: {type: text, values: [boss, clerk]}
  employees: {type: number}
  time_zone: {type: text}
events:
  trial-started: {properties: {seats: number}}
""",
    "scoring.yaml": OWNED
    + """half_life: 21 days
grades: {fit: [70, 50, 30], engagement: [70, 40, 15]}
fit:
  - {id: boss, says: Is the boss, when: {field: role, is: boss}, points: 30}
  - {id: large, says: Is large, when: {field: employees, at_least: 200}, points: 20}
engagement:
  - {id: pricing, says: Looked at pricing, on: pricing.viewed, points: 12}
  - {id: trial, says: Started a trial, on: "tracked:trial-started", when: {field: fact.seats, at_least: 2}, points: 20}
""",
    "stages.yaml": OWNED
    + """agreed_by: [ines@example.com]
agreed_on: 2026-10-12
stages:
  - {id: new, says: A name}
  - {id: aware, says: Has noticed, fit: 10, engagement: 5}
  - {id: ready, says: Wants a call, fit: 20, engagement: 50}
""",
    "lifecycle.yaml": OWNED
    + """agreed_by: [ines@example.com]
agreed_on: 2026-10-12
qualified_from: [aware]
ready_from: [ready]
states:
  - {id: name, says: A name}
  - {id: lead, says: Worth nurturing, when: {field: qualified, is: true}}
  - {id: buyer, says: Has bought, when: {field: customer, is: true}}
""",
    "sending.yaml": OWNED
    + """caps: [{most: 1, within: 2 days}]
quiet_hours: {from: "18:00", to: "08:00", days: [sat, sun]}
""",
    "sales.yaml": OWNED
    + """answer_within_business_days: 2
reps: [{name: Jonas, email: jonas@oak.example}]
reject_reasons: {wrong-fit: {says: Not for us, cool_off: 180 days}}
""",
    "claims.yaml": OWNED
    + """claims:
  saves: {says: It saves, evidence: Readings, owner: ines@example.com, valid_until: 2031-01-31}
  cures: {says: It cures, evidence: None, owner: ines@example.com, valid_until: 2031-01-31, withdrawn: it does not}
""",
    "journey.yaml": OWNED
    + """personas:
  - {id: boss, says: Decides, when: {field: role, is: boss}}
questions:
  - {asks: What is it worth?, stage: aware, personas: [boss]}
""",
    "programs/look.yaml": OWNED
    + """name: Look
stages: [aware]
steps:
  - {id: first, email: hello}
  - {id: second, email: again, wait: 3 days}
""",
    "emails/hello.md": f"""---
{OWNED}subject: Hello
stage: aware
layout: letter
claims: [saves]
---
Dear {{{{ lead.first_name or "reader" }}}},

[read on]({{{{ brand.website }}}}/guide)
""",
    "emails/again.md": f"---\n{OWNED}subject: Again\nlayout: letter\nquestion: What is it worth?\n---\nOnce more.\n",
    "emails/handoff-notice.md": f"---\n{OWNED}subject: Ready\nkind: internal\nlayout: letter\n---\n{{{{ brief.headline }}}}\n",
    "layouts/letter.mjml": """<mjml><mj-body><mj-section><mj-column>
<mj-text>{{ body }}</mj-text>
<mj-text>{% if unsubscribe_url %}<a href="{{ unsubscribe_url }}">Leave</a>{% endif %} {{ brand.postal_address }}</mj-text>
</mj-column></mj-section></mj-body></mjml>
""",
    "layouts/letter.txt": "{{ body }}\n\nLeave: {{ unsubscribe_url }}\n{{ brand.postal_address }}\n",
    "leads/ada.yaml": """about: The boss
traits: {email: ada@lead.example, first_name: Ada, role: boss, time_zone: Europe/Paris}
history:
  - {after: 1 day, fact: pricing.viewed}
  - {after: 2 days, fact: "tracked:trial-started", says: {seats: 3}}
""",
}


def written(folder: Path, **changes: str | None) -> Path:
    """The small workplace as files, with some texts replaced (None: left out), named by path."""
    for name, text in {**SMALL, **changes}.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return folder


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """The small workplace with one piece of one file replaced."""
    assert SMALL[name].count(old) == 1, f"{old!r} is not once in {name}"
    return written(folder, **{name: SMALL[name].replace(old, new)})
