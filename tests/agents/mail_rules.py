"""The rules about mail, as ``test_workplace`` tries them: an author's line that is right, and the same line wrong."""

PICTURE = "https://oak.example/meter.png"
WORDS = "Ten words at least are what an e-mail has to say."
HEAD = "<mjml><mj-head><mj-style>p {{ {} }}</mj-style></mj-head><mj-body>"

# rule, file, what stands there, what may stand there, what may not, and the text that is pointed at then
MAIL_RULES = [
    ("unknown-element", "layouts/letter.mjml", "<mjml>", "<mjml >", "<mjml><mj-haed></mj-haed>", "mj-haed"),
    ("value-in-markup", "layouts/letter.mjml", "<mj-text>{{", '<mj-text color="{{ brand.colours.accent }}">{{', '<mj-text color="{{ lead.email }}">{{', "{{ lead.email"),
    ("value-in-markup", "layouts/letter.mjml", "<mj-text>{{", "<mj-text>{{ subject }} {{", "<mj-text css-class={{ subject }}>{{", "{{ subject"),
    ("value-in-markup", "layouts/letter.mjml", "<mj-text>{{", f'<mj-image src="{PICTURE}" alt="For {{{{ lead.email }}}}" /><mj-text>{{{{', f'<mj-image src="{PICTURE}" alt="x" title2="{{{{ lead.email }}}}" /><mj-text>{{{{', "{{ lead.email"),
    ("value-in-markup", "layouts/letter.mjml", "<mjml><mj-body>", HEAD.format("color: {{ brand.colours.accent }}"), HEAD.format("color: {{ lead.email }}"), "{{ lead.email"),
    ("unknown-partial", "layouts/letter.mjml", "<mj-text>{{ body }}</mj-text>", "<mj-text> {{ body }}</mj-text>", '<mj-include path="foot.mjml" />{{ body }}', "foot.mjml"),
    ("wrong-link", "emails/hello.md", "{{ brand.website }}/guide", "https://oak.example/#top", "#top", "#top"),
    ("wrong-link", "emails/hello.md", "{{ brand.website }}/guide", "https://oak.example/guide", "/guide", "/guide"),
    ("wrong-link", "emails/again.md", "Once more.", f"![A meter]({PICTURE}) {WORDS}", f"![A meter](data:image/png;base64,x) {WORDS}", "data:"),
    ("unseen-character", "emails/again.md", "subject: Again", "subject: A gain 👩‍🔬 \u202fÖl", "subject: A\u202egain", "\u202e"),
    ("unseen-character", "emails/again.md", "subject: Again", "subject: Again\npreheader: नमस्\u200dते", "subject: Again\npreheader: See\u200bing", "\u200b"),
    ("unseen-character", "emails/again.md", "subject: Again", "subject: Again\nsubjects: {x: Gain}", 'subject: Again\nsubjects: {x: "G\\u2066ain"}', '"G'),
    ("unseen-character", "emails/again.md", "Once more.", "Once\u200b\u200e more.", "Once\u2067 more.", "\u2067"),
    ("unseen-character", "brand.yaml", "from_name: Ines", "from_name: I Nés", "from_name: In\u200des", "In\u200d"),
    ("unseen-character", "sales.yaml", "name: Jonas", "name: Jo Nás", 'name: "Jo\\rnas"', '"Jo'),
    ("attachment", "emails/again.md", "subject: Again", "subject: Again", "subject: Again\nattachments: [brochure.pdf]", "attachments"),
    ("link-shortener", "emails/hello.md", "{{ brand.website }}/guide", "https://oak.example", "https://bit.ly/x", "https://bit.ly"),
    ("link-shortener", "layouts/letter.mjml", '"{{ unsubscribe_url }}"', '"{{ unsubscribe_url}}"', '"https://www.tinyurl.com/x"', "https://www.tiny"),
    ("foreign-sender", "brand.yaml", "ines@oak.example", "ines@mail.oak.example", "ines@freemail.example", "ines@freemail"),
    ("foreign-sender", "brand.yaml", "ines@oak.example", "ines@elm.example\ndomains: [elm.example]", "ines@badoak.example", "ines@badoak"),
    ("wrong-colour", "brand.yaml", '"#0b6e4f"', '"#0b6"', '"leaf"', '"leaf"'),
    ("missing-alt", "emails/again.md", "Once more.", f"![A meter]({PICTURE}) {WORDS}", f"![]({PICTURE}) {WORDS}", "![]"),
    ("missing-alt", "layouts/letter.mjml", "<mj-text>{{", f'<mj-image alt="A meter" src="{PICTURE}" /><mj-text>{{{{', f'<mj-image alt="" src="{PICTURE}" /><mj-text>{{{{', "<mj-image"),
    ("image-only", "emails/again.md", "Once more.", f"![A meter]({PICTURE})\n\n{WORDS}", f"![A meter]({PICTURE})\n\nLook!", "![A"),
    ("unsupported-css", "layouts/letter.mjml", "<mjml><mj-body>", HEAD.format("margin: 0; border-radius: 8px"), HEAD.format("margin: 0; position: absolute"), "position"),
    ("unsupported-css", "layouts/letter.mjml", "<mjml><mj-body>", HEAD.format("display: block"), HEAD.format("display: grid"), "display"),
    ("unsupported-css", "layouts/letter.mjml", "<mj-text>{{", "<mj-text><b>x</b>{{", "<mj-text><video>x</video>{{", "<video"),
    ("long-subject", "emails/again.md", "subject: Again", "subject: Again, in a few words", f"subject: {'Again ' * 13}", "Again"),
    ("unknown-claim", "emails/hello.md", "[saves]", "['saves']", "[safes]", "safes"),
    ("withdrawn-claim", "emails/hello.md", "[saves]", "['saves']", "[cures]", "cures"),
    ("wrong-valid-until", "claims.yaml", "saves, evidence: Readings, owner: ines@example.com, valid_until: 2031-01-31", "saves, evidence: Readings, owner: ines@example.com, valid_until: 2031-02-28", "saves, evidence: Readings, owner: ines@example.com, valid_until: 2031-02-30", "2031-02-30"),
]  # fmt: skip
