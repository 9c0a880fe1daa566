"""Loading a workplace: the shipped one is sound, and each rule is silent beside a mistake and speaks at it."""

import datetime as dt
from pathlib import Path

import pytest

from agents.check import rules
from agents.workplace import Workplace, load_workplace
from schemas.facts import LeadCreated
from schemas.policy import models_of
from schemas.sample import history_of
from tests.agents.mail_rules import MAIL_RULES
from tests.agents.model_rules import MODEL_RULES
from tests.agents.question_rules import QUESTION_RULES
from tests.agents.workplaces import SMALL, edited, written

TEMPLATES = Path(__file__).parents[2] / "templates"

# rule, file, what stands there, what may stand there, what may not, and the text that is pointed at then
RULES = [
    ("unknown-stage", "programs/look.yaml", "[aware]", "[new, aware]", "[new, awar]", "awar]"),
    ("unknown-stage", "lifecycle.yaml", "[ready]", "['ready']", "[read]", "read]"),
    ("unknown-stage", "emails/hello.md", "stage: aware", "stage: ready", "stage: awaer", "awaer"),
    ("unknown-email", "programs/look.yaml", "email: again", "email: 'again'", "email: agian", "agian"),
    ("email-kind", "programs/look.yaml", "email: again", "email: hello", "email: handoff-notice", "handoff-notice"),
    ("email-kind", "emails/handoff-notice.md", "internal", "'internal'", "nurture", "nurture"),
    ("unknown-layout", "emails/again.md", "layout: letter", "layout: 'letter'", "layout: leter", "leter"),
    ("duplicate-id", "scoring.yaml", "id: large", "id: big", "id: boss  ", "boss  "),
    ("duplicate-id", "stages.yaml", "id: ready", "id: keen", "id: aware  ", "aware  "),
    ("duplicate-id", "programs/look.yaml", "id: second", "id: two", "id: first  ", "first  "),
    ("repeated-email", "programs/look.yaml", "email: again", "email: 'again'", "email: hello  ", "hello  "),
    ("idle-stage", "stages.yaml", "  - {id: ready", "  - {id:  ready", "  - {id: keen, says: Compares, fit: 10, engagement: 9}\n  - {id: ready", "{id: keen"),
    ("unknown-event", "scoring.yaml", "on: pricing.viewed", "on: form.submitted", "on: pricing.seen", "pricing.seen"),
    ("unknown-event", "scoring.yaml", '"tracked:trial-started"', "'tracked:trial-started'", '"tracked:x"', '"tracked:x"'),
    ("unknown-field", "scoring.yaml", "employees", "employees  ", "employes", "employes"),
    ("unknown-field", "scoring.yaml", "fact.seats", "employees", "fact.places", "fact.places"),
    ("unlike-value", "scoring.yaml", "is: boss", "in: [boss, clerk]", "in: [boss, bos]", "bos]"),
    ("unlike-value", "scoring.yaml", "at_least: 200", "is: 200", "is: '200'", "'200'"),
    ("unlike-test", "scoring.yaml", "at_least: 200", "at_most: 200", "contains: x", "x}"),
    ("empty-condition", "scoring.yaml", "employees, at_least: 200", "employees, known: true", "employees", "{field: employees"),
    ("empty-condition", "scoring.yaml", "field: employees, at_least", "field: employees, at_most", "at_least", "{at_least"),
    ("unknown-field", "lifecycle.yaml", "qualified, is: true", "role, is: boss", "qualifid, is: true", "qualifid"),
    ("unlike-value", "lifecycle.yaml", "qualified, is: true", "stage, is: ready", "stage, is: redy", "redy"),
    ("unlike-value", "scoring.yaml", "on: pricing.viewed", "on: email.bounced, when: {field: fact.kind, is: soft}", "on: email.bounced, when: {field: fact.kind, is: mild}", "mild"),
    ("never-true", "scoring.yaml", "at_least: 200", "at_least: 2, at_most: 2", "at_least: 3, at_most: 2", "{field: employees"),
    ("never-true", "scoring.yaml", "{field: role, is: boss}", "{all: [{field: role, in: [boss]}, {field: role, in: [boss, clerk]}]}", "{all: [{field: role, in: [boss]}, {field: role, in: [clerk]}]}", "{all"),
    ("never-true", "scoring.yaml", "{field: role, is: boss}", "{any: [{field: role, is: boss}, {field: employees, at_least: 9}]}", "{any: [{field: role, is: boss}, {field: employees, at_least: 9, at_most: 8}]}", "{field: employees, at_least: 9"),
    ("never-true", "scoring.yaml", "when: {field: fact.seats, at_least: 2}", "when: {not: {field: fact.seats, known: true}}", "when: {all: [{field: fact.seats, is: 2}, {field: fact.seats, is: 3}]}", "{all"),
    ("never-true", "programs/look.yaml", "steps:", "when: {field: role, contains: o}\nsteps:", "when: {field: role, contains: x}\nsteps:", "{field: role"),
    ("always-true", "scoring.yaml", "{field: role, is: boss}", "{any: [{field: role, is: boss}, {field: role, is: clerk}]}", "{any: [{field: role, known: true}, {field: role, known: false}]}", "{any"),
    ("always-true", "scoring.yaml", "when: {field: role, is: boss}", "when: {field: role, known: true}", "when: {}", "{}, points"),
    ("always-true", "scoring.yaml", "on: pricing.viewed", "on: pricing.viewed, when: {}", "on: pricing.viewed, when: {field: fact.path, known: true}", "{field: fact.path"),
    ("contradicting-rules", "scoring.yaml", "when: {field: employees, at_least: 200}, points: 20", "when: {field: role, is: clerk}, points: -20", "when: {field: role, in: [boss]}, points: -20", "-20"),
    ("contradicting-rules", "scoring.yaml", "engagement:\n", "disqualify:\n  - {id: v, says: V, when: {field: role, is: clerk}}\nengagement:\n", "disqualify:\n  - {id: v, says: V, when: {field: role, in: [boss, clerk]}}\nengagement:\n", "30}"),
    ("repeated-rule", "scoring.yaml", "when: {field: employees, at_least: 200}", "when: {field: role, is: clerk}", "when: {not: {not: {field: role, is: boss}}}", "{not"),
    ("no-way-in", "stages.yaml", "fit: 20", "fit: 50", "fit: 51", "51"),
    ("no-way-in", "stages.yaml", "engagement: 50", "engagement: 260", "engagement: 400", "400"),
    ("no-way-in", "stages.yaml", "{id: new, says: A name}", "{id: new, says: A name, fit: 0}", "{id: new, says: A name, fit: 1}", "1}"),
    ("no-way-in", "stages.yaml", "fit: 20, engagement: 50", "fit: 20, engagement: 5", "fit: 10, engagement: 5", "{id: aware"),
    ("no-way-in", "lifecycle.yaml", "{id: name, says: A name}", "{id: name, says: A name, when: {}}", "{id: name, says: A name, when: {field: role, is: boss}}", "{field: role"),
    ("no-way-in", "lifecycle.yaml", "{id: buyer, says: Has bought, when: {field: customer, is: true}}", "{id: buyer, says: B, when: {field: customer, is: true}}", "{id: buyer, says: B, when: {any: [{field: customer, is: true}, {field: qualified, is: true}]}}", "{id: lead"),
    ("no-way-out", "stages.yaml", "engagement: 50", "engagement: 50, keep: 50", "engagement: 50, keep: 51", "51}"),
    ("no-way-out", "stages.yaml", "engagement: 50", "engagement: 50, keep: 1", "engagement: 50, keep: 0", "0}"),
    ("overlapping-caps", "scoring.yaml", "on: pricing.viewed, points: 12", "on: pricing.viewed, most_a_day: 3, most: 3, points: 12", "on: pricing.viewed, most_a_day: 3, most: 2, points: 12", "3, most"),
    ("overlapping-caps", "sending.yaml", "[{most: 1, within: 2 days}]", "[{most: 1, within: 2 days}, {most: 3, within: 14 days}]", "[{most: 1, within: 2 days}, {most: 7, within: 14 days}]", "{most: 7"),
    ("falling-threshold", "stages.yaml", "fit: 20", "fit: 10", "fit: 9", "9,"),
    ("rising-grade", "scoring.yaml", "[70, 50, 30]", "[70, 50, 3]", "[70, 50, 50]", "[70, 50, 50]"),
    ("late-qualification", "lifecycle.yaml", "[aware]", "[new]", "[ready]", "[ready]\nready_from"),
    ("unknown-zone", "brand.yaml", "Europe/Berlin", "Europe/Rome", "Europe/Berln", "Europe/Berln"),
    ("unknown-zone", "brand.yaml", "Europe/Oslo", "Europe/Stockholm", "CEST-1", "CEST-1"),
    ("unknown-zone", "leads/ada.yaml", "Europe/Paris", "Europe/London", "Paris", "Paris"),
    ("wrong-address", "brand.yaml", "hello@oak.example", "hi@oak.example", "hello@", "hello@"),
    ("wrong-address", "brand.yaml", "https://oak.example", "https://oak.example/", "http://oak.example", "http://oak"),
    ("wrong-address", "sales.yaml", "jonas@oak.example", "j@oak.example", "jonas", "jonas"),
    ("closed-hours", "sending.yaml", "[sat, sun]", "[sun]", "[mon, tue, wed, thu, fri, sat, sun]", "[mon"),
    ("wrong-day", "stages.yaml", "2026-10-12", "2026-10-31", "2026-10-32", "2026-10-32"),
    ("unknown-email", "programs/look.yaml", "wait: 3 days", "wait: 3 days, else: hello", "wait: 3 days, else: othr", "othr"),
    ("unknown-event", "programs/look.yaml", "wait: 3 days", "wait_for: form.submitted", "wait_for: form.sent", "form.sent"),
    ("unknown-event", "programs/look.yaml", "stages: [aware]", "stages: [aware]\ngoals: [{id: x, says: X, on: demo.requested}]", "stages: [aware]\ngoals: [{id: x, says: X, on: demo.asked}]", "demo.asked"),
    ("unknown-field", "programs/look.yaml", "wait: 3 days", "if: {field: role, is: boss}", "if: {field: rolle, is: boss}", "rolle"),
    ("always-true", "programs/look.yaml", "stages: [aware]", "stages: [aware]\nexits: [{id: x, says: X, on: demo.requested}]", "stages: [aware]\nexits: [{id: x, says: X}]", "{id: x"),
    ("unknown-program", "programs/look.yaml", "stages: [aware]", "stages: [aware]\n", "stages: [aware]\nthen: look", "look"),
    ("closed-window", "programs/look.yaml", "stages: [aware]", 'stages: [aware]\nwindow: {from: "09:00", to: "11:00"}', 'stages: [aware]\nwindow: {from: "19:00", to: "21:00"}', "{from"),
    ("no-such-day", "sending.yaml", "quiet_hours", "holidays: {all: [12-25, 02-29]}\nquiet_hours", "holidays: {all: [12-25, 02-30]}\nquiet_hours", "02-30"),
    ("no-such-day", "programs/look.yaml", "wait: 3 days", "send_by: 2027-02-28", "send_by: 2027-02-29", "2027-02-29"),
    ("unclear-expectation", "programs/look.yaml", "  - {id: second, email: again, wait: 3 days}", "  - {id: second, email: again}\ntests: [{says: x, expect: [{sends: hello}]}]", "  - {id: second, email: again}\ntests: [{says: x, expect: [{sends: hello, enters: look}]}]", "{sends: hello"),
    ("unknown-trait", "programs/look.yaml", "  - {id: second, email: again, wait: 3 days}", "  - {id: second, email: again}\ntests: [{says: x, traits: {role: boss}, expect: [{sends: hello}]}]", "  - {id: second, email: again}\ntests: [{says: x, traits: {rolle: boss}, expect: [{sends: hello}]}]", "boss"),
    ("unknown-program", "sending.yaml", "quiet_hours", "sunset: {after: 90 days, program: look}\nquiet_hours", "sunset: {after: 90 days, program: lok}\nquiet_hours", "lok"),
    ("unknown-trait", "leads/ada.yaml", "role: boss", "role: clerk", "rolle: clerk", "clerk"),
    ("wrong-fact", "leads/ada.yaml", "pricing.viewed", "pricing.viewed, says: {path: /p}", "pricing.viewed, says: {way: /p}", "pricing.viewed"),
    ("wrong-fact", "leads/ada.yaml", "pricing.viewed", "page.viewed, says: {path: /}", "page.seen", "page.seen"),
    ("template-syntax", "emails/again.md", "Once", "{% if lead.role %}Once{% endif %}", "{% if lead.role %}Once", "{% if"),
    ("template-language", "emails/again.md", "Once", "{{ lead.email | upper }}", "{{ lead.email.upper() }}", "{{ lead.email.upper"),
    ("unknown-variable", "emails/again.md", "Once", "\n{{ lead.email }}", "\n\n{{ lead.mail }}", "lead.mail"),
    ("unknown-variable", "emails/again.md", "Again", "'To {{ lead.email }}'", "'To {{ led.email }}'", "led"),
    ("missing-fallback", "emails/hello.md", ' or "reader"', ' | default("x")', "", "lead.first_name"),
    ("missing-fallback", "emails/again.md", "Once", "{% if lead.role %}{{ lead.role }}{% endif %}", "{{ lead.role }}", "lead.role"),
    ("broken-layout", "layouts/letter.mjml", "{% if unsubscribe_url %}", "{% if unsubscribe_url  %}", "{% if 1 < 2 %}", "<mjml>"),
    ("wrong-link", "emails/hello.md", "{{ brand.website }}/guide", "mailto:a@b.example", "http://oak.example", "http://oak"),
    ("wrong-link", "emails/hello.md", "{{ brand.website }}/guide", "https://oak.example", "{{ lead.email }}", "{{ lead.email }}"),
    ("wrong-link", "layouts/letter.mjml", '"{{ unsubscribe_url }}"', '"{{ unsubscribe_url}}"', '"javascript:x"', "javascript:x"),
    ("unwritable", "emails/again.md", "Once more.", "Once " * 15_000, "Once " * 25_000, "Once"),
    ("no-text", "emails/again.md", "Once more.", "x", " ", " \n"),
    ("front-matter", "emails/again.md", "---\nOnce", "---\n\nOnce", "Once", "---"),
    ("unknown-key", "emails/again.md", "layout", "preheader: x\nlayout", "preheder: x\nlayout", "preheder"),
]  # fmt: skip
CASES = [*RULES, *MODEL_RULES, *MAIL_RULES, *QUESTION_RULES]


def place_of(text: str, point: str) -> str:
    """Line and column, from 1, of a piece of a text."""
    before = text[: text.index(point)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def problems(folder: Path) -> list[str]:
    """What is said of a workplace, without the folder's own path."""
    loaded = load_workplace(folder)
    found = loaded.warnings if isinstance(loaded, Workplace) else loaded
    return [str(problem).removeprefix(f"{folder}/") for problem in found]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}:{case[1]}")
def test_a_rule_is_silent_beside_a_mistake_and_speaks_at_it(tmp_path, case):
    """One ok and one err case; the place is the author's line and column."""
    rule, name, old, fine, wrong, point = case
    assert f"[{rule}]" not in " ".join(problems(edited(tmp_path / "ok", name, old, fine)))
    folder = edited(tmp_path / "err", name, old, wrong)
    places = [line.split(" ")[0] for line in problems(folder) if f"[{rule}]" in line]
    assert places == [f"{name}:{place_of((folder / name).read_text(), point)}:"]


def test_what_is_never_sent_is_pointed_out(tmp_path):
    """An e-mail in no program; a stage without a program; both are warnings."""
    steps = "\n  - {id: second, email: again, wait: 3 days}"
    assert problems(edited(tmp_path / "a", "programs/look.yaml", steps, ""))[0].startswith(
        "emails/again.md:2:1: found an e-mail that no program sends"
    )
    loaded = load_workplace(edited(tmp_path / "b", "programs/look.yaml", "[aware]", "[new]"))
    assert [warning.rule for warning in loaded.warnings] == ["idle-stage"]


@pytest.mark.parametrize(
    ("text", "rule"), [("unsubscribe_url", "no-unsubscribe"), ("brand.postal_address", "no-postal-address")]
)
@pytest.mark.parametrize("part", ["letter.txt", "letter.mjml"])
def test_both_parts_of_a_letter_hold_what_the_law_asks_for(tmp_path, part, text, rule):
    """A layout without the link or the address is pointed out for each e-mail to leads, not for those to reps."""
    folder = written(tmp_path)
    layout = folder / "layouts" / part
    layout.write_text(layout.read_text().replace("{{ " + text + " }}", "https://oak.example"))
    places = [line.split(":")[0] for line in problems(folder) if f"[{rule}]" in line]
    assert places == ["emails/again.md", "emails/hello.md"]


def test_a_model_has_a_folder_and_is_held_to_the_same_rules(tmp_path):
    """Its own points, stages and programs; what is wrong in it is said of its files."""
    folder = written(
        tmp_path,
        **{
            "models/cold/scoring.yaml": SMALL["scoring.yaml"],
            "models/cold/stages.yaml": SMALL["stages.yaml"].replace("id: aware", "id: curious"),
            "programs/chill.yaml": SMALL["programs/look.yaml"].replace(
                "stages: [aware]", "model: cold\nstages: [curious]"
            ),
            "lifecycle.yaml": SMALL["lifecycle.yaml"].replace(
                "qualified_from: [aware]", "qualified_from: [aware, curious]"
            ),
        },
    )
    loaded = load_workplace(folder)
    assert isinstance(loaded, Workplace), "\n".join(map(str, loaded))
    assert list(models_of(loaded.policy)) == ["main", "cold"]
    (folder / "programs/chill.yaml").unlink()
    assert [line.split(":")[0] for line in problems(folder)] == ["models/cold/stages.yaml"], "its leads hear nothing"
    (folder / "lifecycle.yaml").write_text(SMALL["lifecycle.yaml"])
    (folder / "models/cold/scoring.yaml").write_text(
        SMALL["scoring.yaml"].replace("on: pricing.viewed", "on: pricing.seen")
    )
    (folder / "programs/chill.yaml").write_text(
        SMALL["programs/look.yaml"].replace("name: Look", "name: Look\nmodel: cold")
    )
    found = [(line.split(":")[0], line.rpartition("[")[2]) for line in problems(folder)]
    assert found == [
        ("lifecycle.yaml", "late-qualification]"),
        ("models/cold/scoring.yaml", "unknown-event]"),
        ("programs/chill.yaml", "unknown-stage]"),
    ]


def test_opens_are_no_life_where_the_silent_are_left_alone(tmp_path):
    """A rule on opens counts as interest, or there is a sunset; not both."""
    opens = "  - {id: opens, says: Opens, on: email.opened, points: 1%s}\n  - {id: pricing"
    sunset = {"sending.yaml": SMALL["sending.yaml"] + "sunset: {after: 90 days}\n"}
    for extra, files, found in (("", sunset, 1), (", counts_as_interest: false", sunset, 0), ("", {}, 0)):
        scoring = SMALL["scoring.yaml"].replace("  - {id: pricing", opens % extra)
        folder = written(tmp_path / f"{len(extra)}-{len(files)}", **{"scoring.yaml": scoring}, **files)
        assert sum("[opens-as-life]" in line for line in problems(folder)) == found


def test_every_rule_has_its_cases():
    """Two lists, compared: the functions that judge, and the rules that are tried here."""
    tried = {rule for rule, *_ in CASES}
    named = {rule.__name__.replace("_", "-") for rule in rules.RULES}
    elsewhere = {"missing-file", "finished-letter", "idle-email", "unwritable", "front-matter", "unknown-key"}
    elsewhere |= {"lost-body", "long-subject", "unapproved", "unknown-awaited", "opens-as-life"}
    assert named ^ tried <= elsewhere


def test_the_shipped_workplace_has_nothing_to_complain_of():
    """Three programs, nine nurture e-mails or more, six sample leads, and no warning on the day of this release."""
    workplace = load_workplace(TEMPLATES, dt.date(2026, 11, 23))
    assert isinstance(workplace, Workplace), "\n".join(map(str, workplace))
    assert workplace.warnings == ()
    kinds = [email.kind for email in workplace.policy.emails.values()]
    assert (len(workplace.policy.programs), kinds.count("nurture") >= 9, len(workplace.leads)) == (3, True, 6)


def test_sample_leads_have_histories_that_could_have_happened():
    """Each is a list of facts in order, beginning with the lead."""
    workplace = load_workplace(TEMPLATES)
    for name, lead in workplace.leads.items():
        history = history_of(lead, name, 1_700_000_000_000)
        assert isinstance(history[0], LeadCreated)
        assert [fact.at for fact in history] == sorted(fact.at for fact in history)
        assert len({fact.id for fact in history}) == len(history)


def test_every_mistake_is_told_at_once_and_in_order(tmp_path):
    """Mistakes in three files, of three kinds: all are there, sorted by place."""
    changes = {"brand.yaml": "name: [", "programs/look.yaml": "name: x\nsteps: y\n", "emails/again.md": "no fence"}
    found = problems(written(tmp_path, **changes))
    assert [line.split(":")[0] for line in found] == sorted(line.split(":")[0] for line in found)
    assert {line.split(":")[0] for line in found} == set(changes)


def test_a_mistake_in_one_file_is_not_reported_as_two(tmp_path):
    """An e-mail that cannot be read still exists for the program that sends it."""
    found = problems(edited(tmp_path, "emails/again.md", "subject: Again", "subject:"))
    assert [line.split(":")[0] for line in found] == ["emails/again.md"]


@pytest.mark.parametrize("name", ["brand.yaml", "scoring.yaml", "emails/handoff-notice.md", "layouts/letter.txt"])
def test_a_missing_file_is_named(tmp_path, name):
    """What must be there and is not, is said by path."""
    assert any(line.startswith(f"{name}:1:1: found no") for line in problems(written(tmp_path, **{name: None})))


@pytest.mark.parametrize("name", ["programs/x.yml", "emails/Hello.md", "leads/a b.yaml", "layouts/x.html"])
def test_a_stray_file_is_named(tmp_path, name):
    """A file that nobody would read is a mistake, not silence."""
    assert any(line.startswith(f"{name}:1:1: found") for line in problems(written(tmp_path, **{name: "x"})))


def test_a_folder_that_is_none_is_one_sentence(tmp_path):
    """No traceback, and no list of everything that is missing."""
    assert len(load_workplace(tmp_path / "nowhere")) == 1


def test_review_dates_warn_fourteen_days_ahead(tmp_path):
    """Content is looked at again by a day its owner set; nobody is stopped by it."""
    folder = written(tmp_path)
    early, late = (load_workplace(folder, dt.date(2027, 3, day)) for day in (16, 17))
    assert [len(workplace.warnings) for workplace in (early, late)] == [0, 13]


def test_the_policy_knows_an_email_by_its_hash(tmp_path):
    """One letter more in the body, and the policy is another one."""
    before = load_workplace(written(tmp_path / "a")).policy.emails["again"].source_hash
    after = (
        load_workplace(edited(tmp_path / "b", "emails/again.md", "more.", "more!")).policy.emails["again"].source_hash
    )
    assert before != after
