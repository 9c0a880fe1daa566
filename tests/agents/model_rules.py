"""Cases of the rules about caps, groups, windows and stages, as in test_workplace.RULES."""

_PRICING = "{id: pricing, says: Looked at pricing, on: pricing.viewed, points: 12}"
_CAPPED = "{id: pricing, says: Looked at pricing, on: pricing.viewed, points: 12, caps: [{most: 2, within: "


_SLOW = "groups: [{id: g, says: G, rules: [slow], most: 9}]\nengagement:\n  - {id: slow, says: S, on: email.bounced, "

MODEL_RULES = [
    ("unknown-model", "programs/look.yaml", "name: Look", "name: Look\nmodel: main", "name: Look\nmodel: cold", "cold"),
    ("unknown-rule", "scoring.yaml", "fit:\n", "groups: [{id: g, says: G, rules: [pricing], most: 9}]\nfit:\n", "groups: [{id: g, says: G, rules: [prices], most: 9}]\nfit:\n", "prices"),
    ("unknown-rule", "scoring.yaml", "fit:\n", "patterns: [{id: p, says: P, when: {did: pricing}, points: 9}]\nfit:\n", "patterns: [{id: p, says: P, when: {did: boss}, points: 9}]\nfit:\n", "boss}, points: 9"),
    ("unknown-rule", "stages.yaml", "fit: 20", "enter: {did: trial}, fit: 20", "enter: {did: trail}, fit: 20", "trail"),
    ("misplaced-window", "scoring.yaml", "{field: employees, at_least: 200}", "{field: employees, at_least: 300}", "{did: pricing}", "pricing}"),
    ("misplaced-window", "scoring.yaml", "on: pricing.viewed", "on: pricing.viewed, when: {field: employees, at_least: 3}", "on: pricing.viewed, when: {did: trial}", "trial}"),
    ("misplaced-window", "lifecycle.yaml", "{field: customer, is: true}", "{field: opportunity, is: true}", "{did: pricing}", "pricing}"),
    ("wide-window", "stages.yaml", "fit: 20", "leave: {did: trial, times: 10}, fit: 20", "leave: {did: trial, times: 11}, fit: 20", "11}"),
    ("wide-window", "programs/look.yaml", "steps:", "when: {did: trial, within: 180 days}\nsteps:", "when: {did: trial, within: 181 days}\nsteps:", "181"),
    ("wide-window", "programs/look.yaml", "steps:", "when: {did: trial, within: 24 hours}\nsteps:", "when: {did: trial, within: 25 hours}\nsteps:", "25"),
    ("wide-window", "scoring.yaml", _PRICING, _CAPPED + "7 days}]}", _CAPPED + "36 hours}]}", "36 hours}]}"),
    ("wide-window", "scoring.yaml", "half_life", "horizon: 48 hours\nhalf_life", "horizon: 36 hours\nhalf_life", "36"),
    ("overlapping-caps", "scoring.yaml", _PRICING, _CAPPED + "7 days}], most: 3}", _CAPPED + "7 days}], most: 2}", "{most: 2, within"),
    ("overlapping-caps", "scoring.yaml", _PRICING, _CAPPED + "7 days}, {most: 3, within: 30 days}]}", _CAPPED + "7 days}, {most: 8, within: 28 days}]}", "{most: 8"),
    ("overlapping-caps", "sending.yaml", "quiet_hours", "classes: {nurture: {caps: [{most: 2, within: 7 days}]}}\nquiet_hours", "classes: {nurture: {caps: [{most: 4, within: 7 days}]}}\nquiet_hours", "{most: 4"),
    ("overlapping-caps", "scoring.yaml", "fit:\n", "groups: [{id: g, says: G, rules: [trial], most: 20}]\nfit:\n", "groups: [{id: g, says: G, rules: [trial], most: 19}]\nfit:\n", "19}]"),
    ("overlapping-caps", "scoring.yaml", "fit:\n", "groups: [{id: g, says: G, rules: [trial], most: 200, each_next: 50}]\nfit:\n", "groups: [{id: g, says: G, rules: [trial], most: 200}]\nfit:\n", "200}]"),
    ("no-way-in", "stages.yaml", "{id: new, says: A name}", "{id: new, says: A name, leave: {did: trial}}", "{id: new, says: A name, enter: {did: trial}}", "{did"),
    ("no-way-in", "stages.yaml", "fit: 20", "enter: {field: employees, known: true}, leave: {field: employees, at_most: 9}, fit: 20", "enter: {field: employees, at_least: 10}, leave: {field: employees, known: true}, fit: 20", "{field: employees, known"),
    ("always-true", "stages.yaml", "fit: 20", "leave: {did: trial}, fit: 20", "leave: {any: [{did: trial}, {not: {did: trial}}]}, fit: 20", "{any"),
    ("never-true", "programs/look.yaml", "steps:", "when: {all: [{did: trial}, {did: pricing}]}\nsteps:", "when: {all: [{did: trial}, {not: {did: trial}}]}\nsteps:", "{all"),
    ("never-true", "programs/look.yaml", "steps:", "when: {all: [{did: trial, times: 2, within: 7 days}, {not: {did: trial, times: 3, within: 30 days}}]}\nsteps:", "when: {all: [{did: trial, times: 2, within: 7 days}, {not: {did: trial}}]}\nsteps:", "{all"),
    ("never-true", "programs/look.yaml", "steps:", "when: {all: [{did: trial, times: 3, within: 30 days}, {not: {did: trial, times: 2, within: 7 days}}]}\nsteps:", "when: {all: [{did: trial, times: 3, within: 7 days}, {not: {did: trial, times: 2, within: 30 days}}]}\nsteps:", "{all"),
    ("repeated-rule", "scoring.yaml", "fit:\n", "patterns: [{id: p, says: P, when: {did: trial}, points: 1}, {id: q, says: Q, when: {did: trial, times: 2}, points: 1}]\nfit:\n", "patterns: [{id: p, says: P, when: {did: trial}, points: 1}, {id: q, says: Q, when: {all: [{did: trial}]}, points: 1}]\nfit:\n", "{all"),
    ("unclear-group", "scoring.yaml", "fit:\n", "groups: [{id: g, says: G, rules: [pricing], most: 9}]\nfit:\n", "groups: [{id: g, says: G, rules: [pricing], most: 9}, {id: h, says: H, rules: [pricing], most: 9}]\nfit:\n", "pricing], most: 9}]"),
    ("unclear-group", "scoring.yaml", "engagement:\n", _SLOW + "points: 5}\n", _SLOW + "points: -5}\n", "slow]"),
    ("wrong-overstay", "stages.yaml", "fit: 20", "at_most: 60 days, then: new, fit: 20", "at_most: 60 days, then: ready, fit: 20", "ready, fit"),
    ("wrong-overstay", "stages.yaml", "fit: 20", "at_most: 60 days, fit: 20", "then: new, fit: 20", "new, fit"),
    ("wrong-overstay", "stages.yaml", "fit: 20", "at_most: 3 days, fit: 20", "at_most: 2 days, fit: 20", "2 days"),
    ("empty-condition", "stages.yaml", "fit: 20", "enter: {did: trial, times: 2}, fit: 20", "enter: {times: 2}, fit: 20", "{times"),
    ("duplicate-id", "scoring.yaml", "fit:\n", "groups: [{id: g, says: G, rules: [trial], most: 9}]\nfit:\n", "groups: [{id: boss , says: G, rules: [trial], most: 9}]\nfit:\n", "boss ,"),
]  # fmt: skip
