"""The Olist funnel: a policy fitted to the earlier leads, judged on those that came later. RESULTS.md has the numbers."""

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.cli import main
from tests.olist import orientation

HERE = Path(__file__).parent
OLIST = HERE.parents[2] / "shared" / "data" / "olist"
FILES = {
    "leads.yaml": "olist_marketing_qualified_leads_dataset.csv",
    "olist-deals": "olist_closed_deals_dataset.csv",
}
BY_LEADS, BY_CALENDAR = date(2018, 4, 5), date(2018, 2, 15)  # 70 % of the leads, of the days, came before
ORIGIN, PAGE = 1, 2

pytestmark = pytest.mark.skipif(
    not OLIST.exists(),
    reason="the Olist files are not beside the project (../shared/data/olist): they are not ours to ship",
)


def run(*arguments):
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    folder, files = tmp_path_factory.mktemp("olist"), []
    for mapping, file in FILES.items():
        files.append(folder / f"{file}.jsonl")
        run("ingest", OLIST / file, "--map", HERE / mapping if mapping.endswith("yaml") else mapping, "--to", files[-1])
    return files


@pytest.fixture(scope="module")
def proposal(facts):
    return json.loads(run("calibrate", *facts, "--policy", HERE / "workplace", "--json"))


def unlearned(folder):
    """The workplace before anybody looked: pages are worth nothing until the earlier leads say otherwise.

    A rule with too little evidence keeps its points; those committed were learned from leads that came later.
    """
    shutil.copytree(HERE / "workplace", folder)
    for name, pattern, bare in (
        ("scoring.yaml", r"(landing_page, is: \w+\}\n    points:) .*", r"\1 0"),
        ("stages.yaml", "fit: 60", "fit: 50"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(re.sub(pattern, bare, text), encoding="utf-8")
    return folder


def test_the_committed_points_are_what_calibrate_proposes(proposal):
    """Nobody tuned them by hand, least of all on the leads that they are judged by."""
    assert proposal["diff"] == ""


def test_the_calibrated_policy_finds_winners_that_it_has_not_seen(proposal):
    """On the last 30 % of the leads: an area of 0.67 at least, and better than the base rate where it hands over."""
    judged, quality = proposal["judged"]["judged"], proposal["judged"]["policy"]
    assert (proposal["learned_from"], judged["judged"]) == (5563, 2437)
    assert quality["auc"] >= 0.67
    assert quality["handed"]["precision"] > 1.5 * judged["base_rate"]


def test_on_the_last_part_of_the_calendar_it_is_as_good_as_its_signals_are(facts, tmp_path):
    """Learned from before 15 February alone: within 0.01 of a regression on the judged leads themselves, short of 0.67."""
    place = unlearned(tmp_path / "workplace")
    found = json.loads(run("calibrate", *facts, "--policy", place, "--split", "2018-02-15T02:00", "--json"))
    auc = found["judged"]["policy"]["auc"]
    later = orientation.parted(orientation.leads(OLIST), BY_CALENDAR)[1]
    assert (found["learned_from"], found["learned_wins"], len(later)) == (3625, 122, 4375)
    assert auc == pytest.approx(0.653, abs=0.0015)
    assert auc > orientation.area_within(later, ORIGIN, PAGE) - 0.01


@pytest.mark.parametrize(
    ("before", "by_origin", "by_page", "by_both", "within"),
    [(BY_LEADS, 0.617, 0.665, 0.694, 0.674), (BY_CALENDAR, 0.597, 0.636, 0.661, 0.659)],
)
def test_the_orientation_parts_the_leads_and_not_the_calendar(before, by_origin, by_page, by_both, within):
    """0.62, 0.66 and 0.69 are what a plain regression reaches on the last 30 % of the leads; on the calendar's it does not."""
    learned, judged = orientation.parted(orientation.leads(OLIST), before)
    found = [orientation.area(learned, judged, *signals) for signals in ((ORIGIN,), (PAGE,), (ORIGIN, PAGE))]
    assert found == pytest.approx([by_origin, by_page, by_both], abs=0.0015)
    assert orientation.area_within(judged, ORIGIN, PAGE) == pytest.approx(within, abs=0.0015)
