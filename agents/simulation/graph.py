"""A program's flow as a Mermaid graph: how many leads went from where to where. It counts nothing."""

from collections.abc import Iterator

from agents.simulation.tally import IN, OUT, Flow, StepCount


def mermaid(flow: Flow) -> str:
    """The graph as text, for any page or viewer that draws Mermaid."""
    return "\n".join(["flowchart TD", *(f"  {line}" for line in _lines(flow))]) + "\n"


def _lines(flow: Flow) -> Iterator[str]:
    yield f'{IN}(["{flow.program}: {flow.entered:,} entered"])'
    for step in flow.steps:
        yield f'{_node(step.id)}["{_label(step)}"]'
    for number, (why, count) in enumerate(flow.left.items()):
        yield f'{OUT}{number}(["{why}: {count:,}"])'
    ways = {f"{OUT}:{why}": f"{OUT}{number}" for number, why in enumerate(flow.left)}
    for before, to, count in flow.moves:
        yield f"{_named(before, ways)} -->|{count:,}| {_named(to, ways)}"


def _label(step: StepCount) -> str:
    passed = sum(step.passed.values())
    return f"{step.id}<br/>{step.sent:,} sent" + (f", {passed:,} passed over" if passed else "")


def _named(place: str, ways: dict[str, str]) -> str:
    return ways.get(place) or (IN if place == IN else _node(place))


def _node(step: str) -> str:
    return "s_" + step.replace("-", "_")
