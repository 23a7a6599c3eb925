import jax.numpy as jnp
import numpy as np
import pytest

from raison import arrays


def test_what_is_computed_stays_with_the_library_that_computes_it():
    assert arrays.namespace(np.zeros(2), 1.0) is np
    assert arrays.namespace(np.zeros(2), jnp.zeros(2)) is jnp


@pytest.mark.parametrize("number", [jnp.zeros(()), jnp.asarray(1), jnp.arange(3) * 0.5])
def test_arrays_hold_64_bits(number):
    assert number.dtype.itemsize == 8


def is_a(array: object, types: object) -> bool:
    """Return whether an array is of one of the types of a union."""
    return any(isinstance(array, each) for each in getattr(types, "__args__", (types,)))


def test_an_array_has_the_axes_that_its_type_names():
    assert is_a(jnp.zeros((3, 4)), arrays.PlayerValues)
    assert is_a(np.zeros((3, 4)), arrays.PlayerValues)
    assert not is_a(jnp.zeros(3), arrays.PlayerValues)
    assert is_a(np.zeros(4, dtype=int), arrays.StateNumbers)
    assert not is_a(np.zeros(4), arrays.StateNumbers)
    assert is_a(jnp.zeros((2, 5, 4)), arrays.Batch)
