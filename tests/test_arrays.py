import jax.numpy as jnp
import numpy as np
import pytest

from raison import arrays


@pytest.mark.parametrize("number", [jnp.zeros(()), jnp.asarray(1), jnp.arange(3) * 0.5])
def test_arrays_hold_64_bits(number):
    assert number.dtype.itemsize == 8


def test_an_array_has_the_axes_that_its_type_names():
    assert isinstance(jnp.zeros((3, 4)), arrays.PlayerValues)
    assert not isinstance(jnp.zeros(3), arrays.PlayerValues)
    assert not isinstance(np.zeros((3, 4)), arrays.PlayerValues)
    assert isinstance(np.zeros(4, dtype=int), arrays.StateNumbers)
    assert not isinstance(np.zeros(4), arrays.StateNumbers)
    assert isinstance(jnp.zeros((2, 5, 4)), arrays.Batch)
