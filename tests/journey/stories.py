"""How the stories of single leads begin."""

from schemas import facts as f
from schemas.commands import Skip
from tests.journey.agreed import Story


def interested(**traits):
    """Ada reads two pages and a price: aware, and fit for sales."""
    story = Story().introduced(**traits)
    story.tell(f.PricingViewed)
    return story


def ready():
    """Ada has done enough to be handed to sales."""
    story = interested()
    story.tell(f.WebinarAttended, webinar="metering")
    story.tell(f.PricingViewed)
    return story


def reasons(story):
    return [skip.reason for skip in story.of(Skip)]
