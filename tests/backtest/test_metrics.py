"""Our own arithmetic, judged by scikit-learn's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as judge
from sklearn.linear_model import LogisticRegression

from agents.backtest import metrics as m

leads = st.lists(st.tuples(st.integers(-40, 90), st.booleans()), min_size=20, max_size=150).filter(
    lambda found: 0 < sum(won for _, won in found) < len(found)
)


def parted(found):
    return [score for score, _ in found], [won for _, won in found]


@given(leads)
def test_the_area_under_the_curve_is_scikit_learns(found):
    """Ties count half, as there."""
    scores, wins = parted(found)
    assert m.area(m.roc(scores, wins)) == pytest.approx(judge.roc_auc_score(wins, scores))


@given(leads)
def test_the_brier_score_is_scikit_learns(found):
    """Mean squared error of chances."""
    scores, wins = parted(found)
    chances = [m.chance(score / 20) for score in scores]
    assert m.brier(chances, wins) == pytest.approx(judge.brier_score_loss(wins, chances))


def test_the_logistic_curve_is_scikit_learns():
    """Without a penalty worth the name, the same intercept and slope."""
    scores = [(n * 37) % 100 for n in range(400)]
    wins = [(n * 53) % 100 < 20 + score / 2 for n, score in enumerate(scores)]
    model = LogisticRegression(C=1e9, tol=1e-9, max_iter=10_000).fit([[score] for score in scores], wins)
    assert m.logistic(scores, wins) == pytest.approx((model.intercept_[0], model.coef_[0][0]), rel=1e-3)


@given(leads, st.randoms())
def test_tenths_lose_nobody_and_know_no_order(found, dice):
    """Leads and wins add up over the tenths, and a shuffled list gives the same ones."""
    parts = m.deciles(*parted(found))
    assert sum(part.leads for part in parts) == pytest.approx(len(found))
    assert sum(part.wins for part in parts) == pytest.approx(sum(won for _, won in found))
    assert parts[-1].captured == pytest.approx(1)
    dice.shuffle(found)
    again = m.deciles(*parted(found))
    assert [part.wins for part in again] == pytest.approx([part.wins for part in parts])


@given(leads)
def test_bins_hold_every_lead_once(found):
    """Leads and wins add up over the bins."""
    scores, wins = parted(found)
    bins = m.bins([m.chance(score / 20) for score in scores], wins)
    assert sum(each.leads for each in bins) == len(found)
    assert sum(each.leads * each.rate for each in bins) == pytest.approx(sum(wins))
