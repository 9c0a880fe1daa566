"""Golden previews: what every sample lead reads in every e-mail was looked at by somebody, and changes in a diff only."""

from difflib import unified_diff

from tests.golden import FOLDER, letters, said


def test_every_letter_reads_as_it_was_reviewed():
    """Another word is another file: `make golden` writes them anew, and git shows what changed."""
    now = dict(letters())
    known = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*.*")}
    changed = [
        "\n".join(
            unified_diff(known.get(name, "").split("\n"), now.get(name, "").split("\n"), name, name, lineterm="", n=1)
        )
        for name in sorted(now.keys() | known.keys())
        if now.get(name) != known.get(name)
    ]
    assert not changed, "look at these, then: make golden\n" + "\n".join(changed)


def test_a_golden_letter_says_what_is_said_and_where_links_lead_not_how_it_looks():
    """One element a line, so that a diff is as small as the change."""
    html = (
        '<body style="x"><div class="y"><p>Dear <b>Ada</b>,<br>go <a href="https://oak.example">on</a></p></div></body>'
    )
    assert said(html) == '<body>\n<p>Dear <b>Ada</b>,\n<br>go <a href="https://oak.example">on</a></p>\n</body>\n'
