"""What nobody should write, and somebody will: each is one precise complaint, in time, and nothing of it takes effect."""

from time import perf_counter

import pytest

from agents.render.renderer import Renderer
from agents.workplace import Workplace, load_workplace
from tests.agents.workplaces import SMALL, written

AGAIN, LAYOUT = SMALL["emails/again.md"], SMALL["layouts/letter.mjml"]
FRONT = AGAIN.removesuffix("Once more.\n")
BREAK = '"Ines\\r\\nBcc: eve@evil.example"'

# file, what is in it, the complaint's rule and line, and a piece of it
BAD = [
    # encodings, and what nobody sees
    ("emails/again.md", AGAIN.replace("Once", "Für").encode("latin-1"), "encoding", 8, "0xfc"),
    ("emails/again.md", AGAIN.encode("utf-16"), "encoding", 1, "0xff"),
    ("emails/again.md", AGAIN.encode() + b"\0", "encoding", 9, "U+0000"),
    ("layouts/letter.txt", b"{{ body }}\n\x1b[31m", "encoding", 2, "U+001B"),
    ("locales/de.po", b'msgid "a"\nmsgstr "\xfc"\n', "encoding", 2, "0xfc"),
    ("emails/again.md", AGAIN.encode() + b"x" * 200_000, "size", 1, "200,"),
    # YAML traps in front matter
    ("emails/again.md", AGAIN.replace("layout", "claims: &a [saves]\nlayout").encode(), "alias", 5, "&a"),
    ("emails/again.md", AGAIN.replace("layout", "\tlayout").encode(), "tab", 5, "tab"),
    ("emails/again.md", AGAIN.replace("layout", "subject: x\nlayout").encode(), "duplicate-key", 5, "first in line 4"),
    ("emails/again.md", AGAIN.replace("Again", "NO").replace("subject: NO", "subject: no:\n  yes").encode(), "yaml", 4, "not YAML"),
    # header breaks
    ("emails/again.md", AGAIN.replace("subject: Again", f"subject: {BREAK}").encode(), "unseen-character", 4, "U+000D"),
    ("brand.yaml", SMALL["brand.yaml"].replace("from_name: Ines", f"from_name: {BREAK}").encode(), "unseen-character", 5, "U+000D"),
    ("brand.yaml", SMALL["brand.yaml"].replace("ines@oak.example", BREAK).encode(), "wrong-address", 6, "e-mail address"),
    ("sales.yaml", SMALL["sales.yaml"].replace("Jonas", BREAK).encode(), "unseen-character", 4, "U+000D"),
    ("emails/a\nb.md", AGAIN.encode(), "file", 1, "lower-case words"),
    # templates that do not end, or do not stop
    ("emails/again.md", AGAIN.replace("subject: Again", "subject: 'A {{ lead.first_name'").encode(), "template-syntax", 4, "broken template"),
    ("emails/again.md", (FRONT + "{% if lead.role %}x").encode(), "template-syntax", 8, "{% endif %}"),
    ("emails/again.md", (FRONT + "Hi\n{% for r in lead.x %}\n{% if r %}x{% endif %}\nBye").encode(), "template-syntax", 9, "{% endfor %}"),
    ("emails/again.md", (FRONT + "Hi\n[x]({{ brand.website }/x)").encode(), "template-syntax", 9, "broken template"),
    ("emails/again.md", (FRONT + "{% if lead.role %}" * 3000 + "{% endif %}" * 3000).encode(), "template-syntax", 8, "nested too deeply"),
    ("emails/again.md", (FRONT + "{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}").encode(), "template-syntax", 8, "nested too deeply"),
    ("emails/again.md", (FRONT + "\n{{ " + "not " * 900 + "1 }}").encode(), "template-syntax", 9, "nested too deeply"),
    ("emails/again.md", (FRONT + "{{ " + "lead.role or " * 3000 + "'x' }}").encode(), "template-syntax", 8, "nested too deeply"),
    ("emails/again.md", (FRONT + "{{ lead" + ".a" * 3000 + " }}").encode(), "template-syntax", 8, "nested too deeply"),
    ("emails/again.md", (FRONT + "".join("  " * n + "- x\n" for n in range(400))).encode(), "unwritable", 8, "cannot be written"),
    # templates that say what they may not, or what no value can be asked
    ("emails/again.md", (FRONT + "{% autoescape false %}x{% endautoescape %}").encode(), "template-language", 8, "found "),
    ("emails/again.md", (FRONT + "{{ '' | join(lead) }}").encode(), "unwritable", 8, "cannot be written"),
    ("emails/again.md", (FRONT + "Hi\n{% if lead.role > 5 %}x{% endif %}").encode(), "unwritable", 9, "lead.role: values of different kinds"),
    ("emails/again.md", AGAIN.replace("subject: Again", "subject: '{{ lead.role | number }}'").encode(), "unwritable", 4, "lead.role: a text is shown"),
    ("emails/again.md", AGAIN.replace("layout:", "preheader: '{{ lead.role | date }}'\nlayout:").encode(), "unwritable", 5, "lead.role: something else"),
    ("emails/again.md", (FRONT + "{{ brand.colours | first }}").encode(), "unwritable", 8, "cannot be written"),
    ("emails/again.md", (FRONT + "{{ 99999999999999999999999999 | number }}").encode(), "unwritable", 8, "cannot be written"),
    # layouts in themselves, far away, and without end
    ("layouts/letter.mjml", LAYOUT.replace("<mj-sec", '<mj-include path="letter.mjml" /><mj-sec', 1).encode(), "unknown-partial", 1, 'the partial "letter"'),
    ("layouts/letter.mjml", LAYOUT.replace("<mj-sec", '<mj-include path="../../brand.yaml" /><mj-sec', 1).encode(), "unknown-partial", 1, "../../brand"),
    ("layouts/letter.mjml", LAYOUT.replace("<mj-sec", "<mj-wrapper>" * 6000 + "<mj-sec", 1).encode(), "broken-layout", 1, "levels"),
    ("layouts/letter.mjml", LAYOUT.replace("{{ body }}", "<div>" * 6000 + "{{ body }}" + "</div>" * 6000).encode(), "broken-layout", 1, "levels"),
    ("layouts/letter.mjml", ('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + LAYOUT).encode(), "broken-layout", 1, "not MJML"),
    # markup that is not the author's, and links that are none
    ("layouts/letter.mjml", LAYOUT.replace("{{ body }}", "{{ body | safe }}").encode(), "template-language", 2, '"safe"'),
    ("layouts/letter.mjml", LAYOUT.replace('"{{ unsubscribe_url }}"', "{{ lead.email }}").encode(), "value-in-markup", 3, "inside a tag"),
    ("emails/again.md", (FRONT + "[x](javascript:alert(1))").encode(), "wrong-link", 8, "javascript:"),
    ("emails/again.md", (FRONT + "[x](java&#115;cript:alert(1))").encode(), "wrong-link", 8, "https://"),
    ("emails/again.md", (FRONT + "![x](data:text/html;base64,x)").encode(), "wrong-link", 8, "data:"),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=[f"{bad[2]}-{bad[4]}" for bad in BAD])
def test_it_is_told_by_its_place_and_takes_no_effect(tmp_path, bad):
    """No policy comes of it, no traceback, and no waiting."""
    file, text, rule, line, says = bad
    folder = written(tmp_path)
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(text)
    began = perf_counter()
    loaded = load_workplace(folder)
    assert not isinstance(loaded, Workplace)
    assert perf_counter() - began < 30
    found = [one for one in loaded if (one.rule, one.line) == (rule, line)]
    assert [one.path for one in found if says in one.message] == [str(folder / file)], loaded


def test_script_in_an_email_is_text_that_is_shown(tmp_path):
    """Markdown takes no HTML: what looks like a tag is read, not run."""
    loaded = load_workplace(written(tmp_path, **{"emails/again.md": FRONT + "<script>alert(1)</script>\n"}))
    letter = Renderer(loaded).render("again", {"lead": {}, "unsubscribe_url": "https://u.example/x"})
    assert "<script>" not in letter.html
    assert "&lt;script&gt;" in letter.html
