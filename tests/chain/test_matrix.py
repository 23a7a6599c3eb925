import numpy as np
import pytest
from dense import matrix_of

from raison.chain.matrix import discounted, generator_matrix


def test_the_sparse_generator_is_that_of_brute_force(border_chain, border_jumps):
    np.testing.assert_allclose(generator_matrix(border_chain).toarray(), matrix_of(border_jumps, 24), atol=1e-12)


@pytest.mark.parametrize("rate", [1e-4, 0.3, 50.0])
def test_what_payments_are_worth_is_that_of_a_dense_solve(border_chain, border_jumps, rate: float):
    flows = [*np.random.default_rng(4).normal(size=(3, 24)), np.zeros(24), np.ones(24)]
    for flow, found in zip(flows, discounted(border_chain, flows, rate), strict=True):
        expected = np.linalg.solve(rate * np.eye(24) - matrix_of(border_jumps, 24), flow)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)
