"""What a plain logistic regression on origin and landing page reaches on the Olist files: the yardstick. Knows no policy.

No smoothing, no choice of levels, every outcome of the learning part known however late it came: it may peek where a policy
may not. Two ways to part the leads 70 : 30 by date: by their number, and by the calendar.
"""

import csv
from datetime import date

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.preprocessing import OneHotEncoder

SIGNALS = ("origin", "landing_page_id")
STRENGTH = 0.1


def leads(folder):
    """(day, origin, landing page, won) of every lead, in order of the day."""
    with (folder / "olist_closed_deals_dataset.csv").open(encoding="utf-8-sig") as file:
        won = {row["mql_id"] for row in csv.DictReader(file)}
    with (folder / "olist_marketing_qualified_leads_dataset.csv").open(encoding="utf-8-sig") as file:
        found = [(_day(row), *(row[name] for name in SIGNALS), row["mql_id"] in won) for row in csv.DictReader(file)]
    return sorted(found, key=lambda lead: lead[0])


def _day(row) -> date:
    day, month, year = row["first_contact_date"].split("-")
    return date(int(year), int(month), int(day))


def parted(found, before):
    """Leads before a day, and from it on."""
    return [lead for lead in found if lead[0] < before], [lead for lead in found if lead[0] >= before]


def area(learned, judged, *signals):
    """The area under the ROC curve of a regression on some of the columns."""
    encoder = OneHotEncoder(handle_unknown="ignore")
    model = _regression().fit(encoder.fit_transform(_columns(learned, signals)), [won for *_, won in learned])
    scores = model.decision_function(encoder.transform(_columns(judged, signals)))
    return roc_auc_score([won for *_, won in judged], scores)


def area_within(judged, *signals):
    """The same of a regression that learns from the judged leads themselves, nine tenths at a time."""
    table = OneHotEncoder().fit_transform(_columns(judged, signals))
    wins = [won for *_, won in judged]
    return roc_auc_score(wins, cross_val_predict(_regression(), table, wins, cv=10, method="decision_function"))


def _regression():
    return LogisticRegression(C=STRENGTH, max_iter=2000)


def _columns(found, signals):
    return [[lead[number] for number in signals] for lead in found]
