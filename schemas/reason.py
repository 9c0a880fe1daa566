"""Why nothing was sent and why engagement weighs nothing: closed lists, a sentence for each. It refuses no one."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """A skip's reason: a metric label, a line in the decisions, a sentence for people."""

    NOT_QUALIFIED = "not_qualified"
    DISQUALIFIED = "disqualified"
    NO_PROGRAM = "no_program"
    EXHAUSTED = "exhausted"
    NO_ADDRESS = "no_address"
    NO_BASIS = "no_basis"
    BASIS_EXPIRED = "basis_expired"
    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINED = "complained"
    WITH_SALES = "with_sales"
    SALES_CONTACTED = "sales_contacted"
    OPPORTUNITY_OPEN = "opportunity_open"
    CUSTOMER = "customer"
    ALREADY_RECEIVED = "already_received"
    NOT_MEANT = "not_meant"
    NOT_HEARD = "not_heard"
    UNKNOWN_CONTENT = "unknown_content"
    UNAPPROVED = "unapproved"
    WITHDRAWN = "withdrawn"
    OUTDATED = "outdated"
    STALE = "stale"
    HOLDOUT = "holdout"
    SUNSET = "sunset"
    FREQUENCY_CAP = "frequency_cap"
    OUTRANKED = "outranked"
    QUIET_HOURS = "quiet_hours"
    OUT_OF_WINDOW = "out_of_window"
    SUPPRESSED = "suppressed"
    TEMPLATE = "template"
    NOT_ALLOWED = "not_allowed"
    REJECTED = "rejected"
    OUTCOME_UNKNOWN = "outcome_unknown"
    DROPPED = "dropped"
    CANCELLED = "cancelled"


SENTENCES: Final[dict[Reason, str]] = {
    Reason.NOT_QUALIFIED: "the lead is not qualified yet",
    Reason.DISQUALIFIED: "a disqualifying rule vetoes the lead",
    Reason.NO_PROGRAM: "no program is for this stage",
    Reason.EXHAUSTED: "the program has nothing left that the lead has not received",
    Reason.NO_ADDRESS: "the lead has no usable e-mail address",
    Reason.NO_BASIS: "there is no lawful basis for mailing the lead",
    Reason.BASIS_EXPIRED: "the lawful basis has expired",
    Reason.UNSUBSCRIBED: "the lead unsubscribed",
    Reason.HARD_BOUNCE: "the address bounced for good",
    Reason.COMPLAINED: "the lead reported our mail as spam",
    Reason.WITH_SALES: "the lead is with sales",
    Reason.SALES_CONTACTED: "sales contacted the lead, nurture is paused",
    Reason.OPPORTUNITY_OPEN: "an opportunity is open, nurture is paused",
    Reason.CUSTOMER: "the lead is a customer",
    Reason.ALREADY_RECEIVED: "the lead has received this e-mail before",
    Reason.NOT_MEANT: "the step is for other leads",
    Reason.NOT_HEARD: "the event that the step waited for did not come in time",
    Reason.UNKNOWN_CONTENT: "the policy has no such e-mail",
    Reason.UNAPPROVED: "the e-mail, or what is around it, has not been approved as it stands",
    Reason.WITHDRAWN: "a claim that the e-mail makes was withdrawn",
    Reason.OUTDATED: "the e-mail's review date has passed, or that of a claim that it makes",
    Reason.STALE: "the time for it has passed",
    Reason.HOLDOUT: "the lead is held out, to show what a program changes",
    Reason.SUNSET: "the lead has been silent for so long that it is left alone",
    Reason.FREQUENCY_CAP: "the lead has had enough mail for now",
    Reason.OUTRANKED: "a more valuable e-mail took the room that the caps left",
    Reason.QUIET_HOURS: "it is not a time to write where the lead is",
    Reason.OUT_OF_WINDOW: "the program does not write at this time",
    Reason.SUPPRESSED: "the address is on the suppression list",
    Reason.TEMPLATE: "the e-mail could not be written for this lead",
    Reason.NOT_ALLOWED: "the address is not on the allow-list",
    Reason.REJECTED: "the mail provider refused the request",
    Reason.OUTCOME_UNKNOWN: "whether the provider took it is unknown; it is held, never repeated",
    Reason.DROPPED: "an operator took it out of the line",
    Reason.CANCELLED: "its program ended before it was sent",
}


class Verdict(StrEnum):
    """Why engagement weighs nothing: found by us in the clicks of a lead, or told by an ``EngagementRetracted``."""

    HONEYPOT = "honeypot"
    MANY_LINKS = "many_links"
    AT_DELIVERY = "at_delivery"
    BOT = "bot"
    CROWD = "crowd"
    CORRECTED = "corrected"
    UNMERGED = "unmerged"
    ERASED = "erased"


VERDICTS: Final[dict[Verdict, str]] = {
    Verdict.HONEYPOT: "a machine followed the link that no person sees",
    Verdict.MANY_LINKS: "several links of one e-mail within seconds: a machine",
    Verdict.AT_DELIVERY: "within seconds of delivery: a machine",
    Verdict.BOT: "reported as a machine's",
    Verdict.CROWD: "one address clicked for people of unrelated companies: a machine",
    Verdict.CORRECTED: "the source corrected it",
    Verdict.UNMERGED: "it was somebody else's: a merge was undone",
    Verdict.ERASED: "it was erased",
}
