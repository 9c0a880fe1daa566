"""The rules about how programs flow, as ``test_workplace`` tries them: an author's line right, and the same line wrong."""

_STEPS = "steps:\n  - {id: first, email: hello}\n  - {id: second, email: again, wait: 3 days}\n"
_WAITING = _STEPS.replace("wait: 3 days", "wait_for: form.submitted")
_GOAL = "goals: [{id: asks, says: Asks, on: form.submitted%s}]\n"
_STAY = {"stages.yaml": ("engagement: 5}", "engagement: 5, at_most: 9 days, then: new}")}
_CLASS = {
    "sending.yaml": (
        "caps: [{most: 1, within: 2 days}]",
        "caps: [{most: 1, within: 2 days}]\nclasses: {news: {caps: [{most: 1, within: 7 days}]}}",
    )
}
_OTHER = {
    "programs/also.yaml": (
        "",
        "owner: ines@example.com\nreview_by: 2027-03-31\nname: Also\nstages: [aware]\nwhen: {field: role, is: boss}\npriority: 5\nsteps: [{id: once, email: hello}]\n",
    )
}

# rule, file, what stands there, what may stand there, what may not, the text that is pointed at then; where, beside
FLOW_RULES = [
    ("unreachable-step", "programs/look.yaml", "wait: 3 days", "wait: 9 days", "wait: 10 days", "{id: second", "", _STAY),
    ("unreachable-step", "programs/look.yaml", _STEPS, _STEPS.replace("email: hello", "email: hello, wait: 6 days"), _STEPS.replace("email: hello", "email: hello, wait: 7 days"), "{id: second", "", _STAY),
    ("endless-wait", "programs/look.yaml", "wait: 3 days", "wait_for: form.submitted", "wait_for: demo.requested", "demo.requested"),
    ("endless-wait", "programs/look.yaml", _STEPS, _GOAL % ", when: {field: fact.form, is: quote}" + _WAITING, _GOAL % "" + _WAITING, "form.submitted}\n"),
    ("starved-program", "programs/look.yaml", "wait: 3 days", "wait: 2 days", "wait: 1 day", "1 day"),
    ("starved-program", "programs/look.yaml", "email: again, wait: 3 days", "email: again, if: {field: role, is: boss}", "email: again, else: hello", "{id: second"),
    ("conflicting-programs", "programs/look.yaml", "name: Look\n", "name: Look\npriority: 6\n", "name: Look\npriority: 5\n", "5\n", "", _OTHER),
    ("conflicting-programs", "programs/look.yaml", "name: Look\n", "name: Look\npriority: 5\nwhen: {field: role, is: clerk}\n", "name: Look\npriority: 5\nwhen: {field: employees, at_least: 9}\n", "5\n", "", _OTHER),
    ("conflicting-programs", "programs/look.yaml", "name: Look\n", "name: Look\npriority: 5\npersonas: [boss]\nwhen: {field: role, is: clerk}\n", "name: Look\npriority: 5\npersonas: [boss]\n", "5\n", "", _OTHER),
    ("conflicting-programs", "programs/look.yaml", "name: Look\n", "name: Look\npriority: 5\nclass: news\n", "name: Look\npriority: 5\nclass: nurture\n", "5\n", "", {**_OTHER, **_CLASS}),
    ("starved-program", "programs/look.yaml", "name: Look\n", "name: Look\nclass: nurture\n", "name: Look\nclass: news\n", "3 days", "", _CLASS),
    ("unknown-class", "programs/look.yaml", "name: Look\n", "name: Look\nclass: news\n", "name: Look\nclass: new\n", "new\n", "", _CLASS),
    ("idle-program", "programs/look.yaml", "[aware]", "[aware, ready]", "[new, aware]", "new, aware"),
]  # fmt: skip
