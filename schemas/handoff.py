"""The handoff brief: what a rep needs to know about a lead, as a versioned shape. It does not decide who gets one."""

from msgspec import Struct

from schemas.facts import LeadId
from schemas.model import MAIN
from schemas.units import Millis


class Why(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason that can be checked: the rule, its points today, and when it last happened."""

    rule: str
    says: str
    points: int
    last: Millis = 0


class Moment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something the lead did that a rep would mention: in a row the rule's id, in a brief what the rule says."""

    what: str
    at: Millis
    label: str = ""


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What we told the lead already, so that nobody says it twice."""

    email: str
    at: Millis
    subject: str = ""


class Agreement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A definition that a handoff was made under: what it defines, who agreed on it (by commas), and since when."""

    what: str
    on: str
    by: str


class Brief(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="brief.v1", tag_field="type"):
    """Who is ready, why, since when, what they did, what we told them, and by which agreed definitions."""

    lead_id: LeadId
    headline: str
    stage: str
    grade: str
    fit: int
    engagement: int
    since: Millis
    model: str = MAIN
    asked: bool = False
    message: str = ""
    name: str = ""
    email: str = ""
    company: str = ""
    role: str = ""
    country: str = ""
    phone: str = ""
    reasons: tuple[Why, ...] = ()
    moments: tuple[Moment, ...] = ()
    told: tuple[Told, ...] = ()
    policy: str = ""
    agreed: tuple[Agreement, ...] = ()
