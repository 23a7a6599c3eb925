import jax.numpy as jnp
import numpy as np
import pytest
from dense import matrix_of

from raison.chain.chain import NATURE
from raison.errors import CaseError


def _matrix(generator):
    return np.asarray(generator.apply_transposed(jnp.eye(24)))


def test_the_generator_of_a_solved_game_is_the_dense_matrix(border_chain, border_jumps):
    np.testing.assert_allclose(_matrix(border_chain.generator()), matrix_of(border_jumps, 24), rtol=0, atol=1e-10)


def test_every_jump_keeps_its_name_rate_and_how_often_it_is_seen(border_chain, border_jumps):
    assert [(kind.who, kind.what) for kind in border_chain.kinds] == [(jump.who, jump.what) for jump in border_jumps]
    for rate, jump in zip(border_chain.rates, border_jumps, strict=True):
        np.testing.assert_allclose(rate, jump.rate, rtol=0, atol=1e-10)
    np.testing.assert_allclose(border_chain.seen, [[jump.seen] for jump in border_jumps])


def test_kinds_of_jumps_can_be_left_out(border_chain, border_jumps):
    nature = _matrix(border_chain.generator(lambda kind: kind.who == NATURE))
    np.testing.assert_allclose(
        nature, matrix_of([j for j in border_jumps if j.who == "nature"], 24), rtol=0, atol=1e-10
    )


def test_the_rate_of_an_act_adds_up_its_outcomes(border_chain, border_jumps):
    expected = sum(jump.rate for jump in border_jumps if (jump.who, jump.what) == ("south", "talk"))
    np.testing.assert_allclose(border_chain.act_rate("south", "talk"), expected, rtol=0, atol=1e-10)


def test_the_rate_of_an_unknown_act_is_refused(border_chain):
    with pytest.raises(CaseError, match=r"no act `south dance` in this game\. Did you mean `south arm`"):
        border_chain.act_rate("south", "dance")
