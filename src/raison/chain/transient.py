"""Where the chain is after some time, by uniformization.

With generator G, killing rate k(x) and L >= max over x of (exit rate + k),

    p(t) = exp((G' - diag k) t) p(0) = sum over n of  e^(-Lt) (Lt)^n / n!  P^n p(0),    P = I + (G' - diag k) / L

All terms are nonnegative. The sum stops where a bound on what is left out falls below the tolerance:
for n + 2 > Lt the tail from term n + 1 on is at most  w_(n+1) / (1 - Lt / (n + 2)).

Source: jensen1953, grassmann1977 (docs/reference/references.md)
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from raison.arrays import Batch, StateArray, StateMask
from raison.chain.chain import Chain
from raison.equations.generator import Generator, difference

TOLERANCE = 1e-11
"""Largest mass that truncation may leave out of a step, as a share of the mass at its start."""

MAX_LOAD = 1.0
"""Largest L t of one differentiable step: the powers of P are kept for the way back."""

MIN_LOAD = 1e-2
"""Smallest L t of one differentiable step: where nothing moves, its derivative by the rates must still be found."""

MAX_TERMS = 16
"""Terms that a step with `MAX_LOAD` can need at `TOLERANCE`, with room to spare."""

LONG_LOAD = 25.0
"""Largest L t of one step when nothing is differentiated. Keeps e^(-Lt) far from underflow."""

CHUNK = 4
"""Terms whose contribution to a gradient is summed in one pass over the states."""


def distribution_at(chain: Chain, start: Batch, elapsed: float) -> Batch:
    """Return the distribution of the chain after `elapsed`, started from `start`. Shape `[..., states]`."""
    return evolve(chain.generator(), jnp.zeros(chain.space.size), jnp.asarray(start), elapsed)


def hitting_probability(chain: Chain, start: Batch, target: StateMask, elapsed: float) -> jax.Array:
    """Return the probability that the chain is in `target` at some time up to `elapsed`. Shape `[...]`.

    Exact: the target is made absorbing. Start in the target counts.
    """
    free = ~jnp.asarray(target)
    generator = chain.generator()
    absorbed = Generator(tuple(jnp.where(free, rate, 0.0) for rate in generator.rates), generator.maps)
    end = evolve(absorbed, jnp.zeros(chain.space.size), jnp.asarray(start), elapsed)
    return jnp.where(free, 0.0, end).sum(axis=-1)


@jax.jit
def evolve(generator: Generator, killing: StateArray, start: Batch, elapsed: float) -> Batch:
    """Return exp((G' - diag k) elapsed) start, for any elapsed time. Not differentiable; shape `[..., states]`."""
    speed = _speed(generator, killing)
    steps = jnp.ceil(speed * elapsed / LONG_LOAD).astype(int)
    load = speed * elapsed / jnp.maximum(steps, 1)
    move = _mover(generator, killing, speed)
    return jax.lax.fori_loop(0, steps, lambda _, weights: _poisson_sum(move, weights, load), start)


def advance(generator: Generator, killing: StateArray, start: StateArray, elapsed: jax.Array) -> StateArray:
    """Return exp((G' - diag k) elapsed) start, for one short step, differentiable by all but `elapsed`.

    The part of the killing that is the same in every state is taken out as a factor, so that it costs no terms.
    The caller keeps `fastest_rate(generator, killing) * elapsed` at or below `MAX_LOAD`. Shape `[states]`.
    """
    common = jax.lax.stop_gradient(killing.min())
    return jnp.exp(-common * elapsed) * _advance(generator, killing - common, start, elapsed)


@jax.custom_vjp
def _advance(generator: Generator, killing: StateArray, start: StateArray, elapsed: jax.Array) -> StateArray:
    speed = _speed_for(generator, killing, elapsed)
    return _poisson_sum(_mover(generator, killing, speed), start, speed * elapsed)


def _speed(generator: Generator, killing: StateArray) -> jax.Array:
    return jnp.maximum((generator.exit_rate() + killing).max(), 1e-300)


def _speed_for(generator: Generator, killing: StateArray, elapsed: jax.Array) -> jax.Array:
    """Return a rate to uniformize with that fills at least `MIN_LOAD`, so that derivatives have a term to come from."""
    return jnp.maximum(_speed(generator, killing), MIN_LOAD / jnp.where(elapsed > 0, elapsed, jnp.inf))


def fastest_rate(generator: Generator, killing: StateArray) -> jax.Array:
    """Return L, the smallest rate with which `advance` can uniformize the chain, per unit time. Shape `[]`."""
    return _speed(generator, killing - killing.min())


def _mover(generator: Generator, killing: StateArray, speed: jax.Array) -> Callable[[Batch], Batch]:
    """Return the map p -> P p."""
    flow = generator.transposed()
    return lambda weights: weights + (flow.apply(weights) - killing * weights) / speed


def _is_needed(n: jax.Array, weight: jax.Array, load: jax.Array) -> jax.Array:
    """Return whether terms after term `n`, of Poisson weight `weight`, can exceed the tolerance."""
    following = weight * load / (n + 1)
    ratio = load / (n + 2)
    return (ratio >= 1.0) | (following > TOLERANCE * (1.0 - ratio))


def _poisson_sum(move, start: Batch, load: jax.Array) -> Batch:
    def go_on(state):
        n, weight, _, _ = state
        return _is_needed(n, weight, load)

    def add_term(state):
        n, weight, power, total = state
        weight, power = weight * load / (n + 1), move(power)
        return n + 1, weight, power, total + weight * power

    first = jnp.exp(-load)
    return jax.lax.while_loop(go_on, add_term, (jnp.asarray(0), first, start, first * start))[3]


def _advance_forward(generator, killing, start, elapsed):
    return _advance(generator, killing, start, elapsed), (generator, killing, start, elapsed)


def _powers(generator, killing, start, speed, load):
    """Return P^n p and its weight for every n that counts, and the last n; rows past it stay zero."""
    move = _mover(generator, killing, speed)
    first = jnp.exp(-load)

    def go_on(state):
        n, weight = state[0], state[1]
        return _is_needed(n, weight, load) & (n + 1 < MAX_TERMS)

    def add_term(state):
        n, weight, power, powers, weights = state
        weight, power = weight * load / (n + 1), move(power)
        return n + 1, weight, power, powers.at[n + 1].set(power), weights.at[n + 1].set(weight)

    powers = jnp.zeros((MAX_TERMS, *start.shape)).at[0].set(start)
    weights = jnp.zeros(MAX_TERMS).at[0].set(first)
    last, _, _, powers, weights = jax.lax.while_loop(go_on, add_term, (jnp.asarray(0), first, start, powers, weights))
    return powers, weights, last


def _advance_backward(saved, cotangent):
    """Run the recursion  c_n = w_n cotangent + P' c_(n+1)  and collect  p_n (c_(n+1)(y) - c_(n+1)(x)) / L."""
    generator, killing, start, elapsed = saved
    speed = _speed_for(generator, killing, elapsed)
    powers, weights, last = _powers(generator, killing, start, speed, speed * elapsed)

    def back_one(state):
        n, current, adjoints = state
        adjoints = adjoints.at[n - 1].set(current)
        pulled = current + (generator.apply(current) - killing * current) / speed
        return n - 1, weights[n - 1] * cotangent + pulled, adjoints

    _, start_bar, adjoints = jax.lax.while_loop(
        lambda state: state[0] > 0,
        back_one,
        (last, weights[last] * cotangent, jnp.zeros_like(powers)),
    )

    def add_chunk(chunk, total):
        rates_bar, killing_bar = total
        before = jax.lax.dynamic_slice_in_dim(powers, chunk * CHUNK, CHUNK)
        after = jax.lax.dynamic_slice_in_dim(adjoints, chunk * CHUNK, CHUNK)
        rates_bar = tuple(
            bar + sum(before[row] * difference(after[row], index) for row in range(CHUNK))
            for bar, index in zip(rates_bar, generator.maps, strict=True)
        )
        return rates_bar, killing_bar - (before * after).sum(axis=0)

    zero = jnp.zeros_like(killing)
    chunks = (last + CHUNK - 1) // CHUNK
    rates_bar, killing_bar = jax.lax.fori_loop(0, chunks, add_chunk, (tuple(zero for _ in generator.maps), zero))
    generator_bar = Generator(tuple(bar / speed for bar in rates_bar), generator.maps)
    return generator_bar, killing_bar / speed, start_bar, jnp.zeros(())


_advance.defvjp(_advance_forward, _advance_backward)
