"""The forms of question: each file has one, how it is read, checked and answered. This is the table of them."""

from raison.query.forms.again import AGAIN
from raison.query.forms.expected_number import EXPECTED_NUMBER
from raison.query.forms.explanation import EXPLANATION
from raison.query.forms.hazard import HAZARD
from raison.query.forms.indicator import INDICATOR
from raison.query.forms.moves import MOVES
from raison.query.forms.options import OPTIONS, RESTRAINTS, STEPS
from raison.query.forms.outcome import OUTCOME
from raison.query.forms.parameter import PARAMETER
from raison.query.forms.paths import PATHS
from raison.query.forms.payoff import PAYOFF
from raison.query.forms.probability import PROBABILITY
from raison.query.forms.rate import RATE
from raison.query.forms.reason import REASON
from raison.query.forms.share import SHARE
from raison.query.forms.tells import TELLS
from raison.query.forms.turning import PIVOTS, SENSITIVITY
from raison.query.forms.wait import EXPECTED_WAIT
from raison.query.forms.why import WHY

FORMS = (
    PROBABILITY,
    RATE,
    EXPECTED_NUMBER,
    EXPECTED_WAIT,
    HAZARD,
    REASON,
    PATHS,
    SHARE,
    WHY,
    AGAIN,
    PAYOFF,
    OPTIONS,
    STEPS,
    RESTRAINTS,
    SENSITIVITY,
    PIVOTS,
    OUTCOME,
    EXPLANATION,
    TELLS,
    PARAMETER,
    INDICATOR,
    MOVES,
)
"""Every form, in the order in which messages name them."""
