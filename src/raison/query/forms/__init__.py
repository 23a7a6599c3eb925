"""The forms of question: each file has one, how it is read, checked and answered. This is the table of them."""

from raison.query.forms.explanation import EXPLANATION
from raison.query.forms.indicator import INDICATOR
from raison.query.forms.moves import MOVES
from raison.query.forms.probability import PROBABILITY
from raison.query.forms.rate import RATE

FORMS = (PROBABILITY, RATE, EXPLANATION, INDICATOR, MOVES)
"""Every form, in the order in which messages name them."""
