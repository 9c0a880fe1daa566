"""What tests of the sender share: a lane that outlives its lives, a port with a script, and orders to try them with."""

import asyncio
from collections import Counter
from random import Random
from types import SimpleNamespace

from agents.controls import ControlsView
from agents.mail.compose import Composer
from agents.mail.gate import Gate
from agents.mail.meter import Meter
from agents.mail.port import Accepted
from agents.mail.throttle import Throttle
from agents.render.renderer import Rendered, Unrenderable
from agents.sender import SenderWork
from agents.suppression import SuppressionView, keyed_address
from schemas.codec import decode_fact, decode_ledger, encode
from schemas.commands import NotifyOwner, SendContent
from schemas.controls import SendSwitch
from schemas.handoff import Brief
from schemas.reason import Reason
from schemas.topics import FACTS
from streams.engine.due import entry
from streams.engine.record import Record

NOW = 1_767_225_600_000
KEY = b"a key for hashes of addresses"
BRAND = SimpleNamespace(from_name="Ines", from_email="ines@mail.wattlark.example", reply_to="hello@wattlark.example")


class CrashError(Exception):
    """The worker ends here."""


class Renderer:
    workplace = SimpleNamespace(policy=SimpleNamespace(brand=BRAND))

    def withheld(self, email, _now):
        return Unrenderable("old: its review date has passed", Reason.OUTDATED) if email == "old" else None

    def sender(self, _email, _traits):
        return BRAND.from_name, BRAND.from_email

    def render(self, email, values, _tags=(), _subject=""):
        if email == "broken":
            return Unrenderable("broken: nothing is known for lead.first_name, and there is no fallback")
        about = values["brief"]["headline"] if "brief" in values else values["unsubscribe_url"]
        return Rendered(subject=email, preheader="", html=about, text=about, source_hash="h1", locale="de")


class Port:
    """Answers from a script by send key, then with ``accepts``; remembers what it took, and may crash around taking."""

    name = "scripted"

    def __init__(self, script=None):
        self.script = {key: list(answers) for key, answers in (script or {}).items()}
        self.took, self.asked, self.at_once, self.most_at_once = Counter(), [], Counter(), Counter()

    async def send(self, letter):
        self.asked.append(letter.send_key)
        self.at_once[letter.lead_id] += 1
        self.most_at_once |= self.at_once
        await asyncio.sleep(0)
        self.at_once[letter.lead_id] -= 1
        left = self.script.get(letter.send_key)
        answer = left.pop(0) if left else Accepted("m-" + letter.send_key)
        if answer == "crash before taking":
            raise CrashError
        if answer == "crash after taking" or isinstance(answer, Accepted):
            self.took[letter.send_key] += 1
        if answer == "crash after taking":
            raise CrashError
        return answer


class Lane:
    """A lane whose rows, records and counts outlive it; ``crash_at`` ends it before or after that commit."""

    topic, partition, leaving = "nurture.sends", 3, False

    def __init__(self, crash_at=None):
        self.now = NOW
        self.table, self.due, self.outs, self.counts, self.position, self.commits = {}, {}, [], Counter(), 0, []
        self.clock = SimpleNamespace(now=lambda: self.now)
        index = SimpleNamespace(names=self._names)
        self.rows = SimpleNamespace(load=self._load, get=self.table.get, within=self.within, due=index)
        self.stirred = lambda: False
        self.crash_at, self.hook = crash_at, lambda _: None

    def _load(self, keys):
        return {key: self.table[key] for key in keys if key in self.table}

    def _names(self, start, most):
        names = sorted(entry(due, key) for key, due in self.due.items() if due and key in self.table)
        return [name for name in names if name >= start][:most]

    def within(self, prefix):
        return sorted((key, row) for key, row in self.table.items() if key.startswith(prefix))

    async def commit(self, batch):
        number = len(self.commits) + 1
        if self.crash_at == (number, "before"):
            raise CrashError
        self.commits.append(batch)
        for key, row in batch.rows.items():
            self.table[key], self.due[key] = row.value, row.due
            if row.value is None:
                del self.table[key]
        self.outs += batch.outs
        self.counts.update(batch.counts)
        self.position = self.position if batch.upto is None else batch.upto
        self.hook(number)
        if self.crash_at == (number, "after"):
            raise CrashError

    def facts(self):
        return [decode_fact(out.value) for out in self.outs if out.topic == FACTS]

    def entries(self):
        return {key.decode(): decode_ledger(row) for key, row in self.table.items() if not key.startswith(b"\0")}

    def states(self):
        return {key: entry.state for key, entry in self.entries().items()}

    def told(self):
        """The counts of what became of orders, without those that say how many there are of a state."""
        return {name: count for name, count in self.counts.items() if not name.startswith("state:")}

    def due_now(self):
        return [(key, due) for key, due in self.due.items() if 0 < due <= self.now and key in self.table]


def view(*suppressed):
    found = SuppressionView(KEY, now=lambda: 0.0)
    found.complete(0.0)
    for address in suppressed:
        found.learn(keyed_address(address, KEY).encode(), b"{}")
    return found


def order(key="k1", lead="ada", **fields):
    given = {
        "id": f"send:{key}",
        "lead_id": lead,
        "because": "f1",
        "seen": NOW,
        "policy": "p1",
        "send_key": key,
        "email": "night-load",
        "kind": "nurture",
        "not_after": NOW + 1,
        "program": "first-look",
        "step": "one",
        "to": f"{lead}@wonder.example",
    }
    return SendContent(**given | fields)


def notice(key="n1", **fields):
    given = {
        "id": f"notify:{key}",
        "lead_id": "ada",
        "because": "f1",
        "seen": NOW,
        "policy": "p1",
        "send_key": key,
        "handoff_id": "ada:0",
        "to": "rep@wattlark.example",
        "answer_by": NOW + 1,
        "not_after": NOW + 1,
        "brief": Brief(
            lead_id="ada", headline="Ada is ready", stage="ready", grade="A1", fit=9, engagement=9, since=NOW
        ),
    }
    return NotifyOwner(**given | fields)


def records(*orders, start=0):
    return [
        Record("nurture.sends", 3, start + index, NOW, found.lead_id.encode(), encode(found), ())
        for index, found in enumerate(orders)
    ]


def switch(*, stopped=True):
    return encode(SendSwitch(stopped=stopped, by="ines", why="a wrong price", at=NOW))


def controls(*, stopped=False):
    found = ControlsView(now=lambda: 0.0)
    found.complete(0.0)
    if stopped:
        found.learn(b"sends", switch())
    return found


class SteppedThrottle(Throttle):
    """A throttle whose clock stands where the test puts it; sleeping moves it."""

    def __init__(self, per_second=0):
        self.at, self.slept = 0.0, []
        super().__init__(per_second, now=lambda: self.at, sleep=self._nap)

    async def _nap(self, seconds):
        self.slept.append(seconds)
        self.at += seconds


def work(port, suppressions=None, allow_list=(), *, switch=None, throttle=None, share=0, waits=None):
    async def sleep(seconds):
        if waits is None:
            raise AssertionError(f"the sender wanted to wait {seconds} s")
        waits.append(seconds)

    suppressions, switch, throttle = suppressions or view(), switch or controls(), throttle or SteppedThrottle()
    return SenderWork(
        port=port,
        gate=Gate(suppressions, switch, allow_list),
        composer=Composer(Renderer(), lambda lead: f"https://mail.wattlark.example/u/{lead}"),
        throttle=throttle,
        meter=Meter("scripted", throttle, switch, suppressions),
        share=lambda _: share,
        dice=Random(1),
        sleep=sleep,
    )


def fold(lane, sender, given):
    asyncio.run(live(lane, sender, given))


def tick(lane, sender):
    asyncio.run(live(lane, sender, None))


async def live(lane, sender, given):
    await sender.begin(lane)
    await (sender.tick(lane, lane.due_now()) if given is None else sender.fold(lane, given))


def age(lane, sender, ms):
    """Time passes, and everything that is due, or waits no more, is looked at until nothing is."""
    lane.now += ms
    for _ in range(20):
        tick(lane, sender)
        if not (lane.due_now() or lane.stirred()):
            return
