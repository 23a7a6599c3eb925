import jax.numpy as jnp
import numpy as np
import pytest

from raison.equations.choice import logit_choice

ADVANTAGES = jnp.array([[0.3, -2.0, 700.0, 1e5], [1.1, 0.5, 650.0, -1e5], [9.0, 0.0, 0.0, 3.0]])
AVAILABLE = jnp.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0]])


def test_probabilities_are_logit_and_zero_where_unavailable():
    choice = logit_choice(ADVANTAGES[:, :2], AVAILABLE[:, :2])
    weights = np.exp(ADVANTAGES[:2, :2])
    np.testing.assert_allclose(choice.probs[:2], weights / (1 + weights.sum(axis=0)), rtol=1e-14)
    np.testing.assert_array_equal(choice.probs[2], 0.0)
    np.testing.assert_allclose(choice.surplus, np.log(1 + weights.sum(axis=0)), rtol=1e-14)


def test_huge_advantages_stay_numbers():
    choice = logit_choice(ADVANTAGES, AVAILABLE)
    assert np.all(np.isfinite(choice.probs))
    np.testing.assert_allclose(choice.surplus[2:], [700.0, 1e5], rtol=1e-12)


def test_at_precision_zero_every_available_option_is_equally_likely():
    choice = logit_choice(ADVANTAGES[:, :2], AVAILABLE[:, :2], precision=0.0)
    np.testing.assert_allclose(choice.probs, np.array([[1 / 3] * 2, [1 / 3] * 2, [0.0] * 2]), rtol=1e-15)


@pytest.mark.parametrize("precision", [0.3, 1.0, 2.5])
def test_the_surplus_is_the_expected_advantage_less_its_log_probability(precision: float):
    advantages, available = ADVANTAGES[:, :2], AVAILABLE[:, :2]
    choice = logit_choice(advantages, available, precision)
    probs = np.concatenate([choice.probs[:2], 1 - np.asarray(choice.probs).sum(axis=0, keepdims=True)])
    gains = np.concatenate([advantages[:2], np.zeros((1, 2))])
    np.testing.assert_allclose(choice.surplus, (probs * (gains - np.log(probs))).sum(axis=0), rtol=1e-13)


def test_a_player_without_actions_waits():
    choice = logit_choice(jnp.zeros((0, 3)), jnp.zeros((0, 3)))
    assert choice.probs.shape == (0, 3)
    np.testing.assert_array_equal(choice.surplus, 0.0)
