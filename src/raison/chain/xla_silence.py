"""Where a chain is after some time, by uniformization, in JAX.

With generator G, killing rate k(x) and L >= max over x of (exit rate + k),

    p(t) = exp((G' - diag k) t) p(0) = sum over n of  e^(-Lt) (Lt)^n / n!  P^n p(0),    P = I + (G' - diag k) / L

All terms are nonnegative. The sum stops where a bound on what is left out falls below the tolerance:
for n + 2 > Lt the tail from term n + 1 on is at most  w_(n+1) / (1 - Lt / (n + 2)).

Long times are cut into pieces here, so that no caller can ask for a step that is too long. In a silence, where killing
takes mass away, the distribution is scaled to sum 1 after every piece and the log of its mass carried along; what is
the same in every state is taken out of the killing first, so that it costs no terms.

Source: jensen1953, grassmann1977 (docs/reference/references.md)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from raison.arrays import Batch, Scalar, StateArray, StateMask
from raison.equations.generator import Generator, difference

TOLERANCE = 1e-11
"""Largest mass that truncation may leave out of a piece, as a share of the mass at its start."""

MAX_LOAD = 1.0
"""Largest L t of one piece of a silence: the powers of P are kept for the way back."""

MIN_LOAD = 1e-2
"""Smallest L t of one piece of a silence: where nothing moves, its derivative by the rates must still be found."""

RARE_TOLERANCE = 1e-30
"""`TOLERANCE` where acts are counted: what then decides may be a rare part of the mass."""

MAX_TERMS = 32
"""Terms that a piece with `MAX_LOAD` can need at `RARE_TOLERANCE`, with room to spare."""

MOST_PIECES = 32
"""Pieces of one silence whose starts are kept for the way back."""

LONG_LOAD = 25.0
"""Largest L t of one piece when nothing is killed or differentiated. Keeps e^(-Lt) far from underflow."""

CHUNK = 4
"""Terms whose contribution to a gradient is summed in one pass over the states."""


class Silence(NamedTuple):
    """A time in which nothing was seen.

    Attributes:
        log_mass: log probability that nothing was seen.
        end: distribution of states at its end. Shape `[states]`, sums to 1.
        occupancy: time spent in each state, given at each moment the silence so far, by the trapezoid rule on the
            pieces. Shape `[states]`.
    """

    log_mass: Scalar
    end: StateArray
    occupancy: StateArray


@jax.jit
def stopped_after(generator: Generator, start: Batch, stopping: StateMask, elapsed: float | Scalar) -> Batch:
    """Return the distribution after `elapsed` of a world that stays where it first comes to `stopping`."""
    stopped = Generator(tuple(jnp.where(stopping, 0.0, rate) for rate in generator.rates), generator.maps)
    return evolve(stopped, start, elapsed)


@jax.jit
def evolve(generator: Generator, start: Batch, elapsed: float | Scalar) -> Batch:
    """Return exp(G' elapsed) start, for any elapsed time. Not differentiable; shape `[..., states]`."""
    killing = jnp.zeros(start.shape[-1])
    speed = _speed(generator, killing)
    pieces = jnp.ceil(speed * elapsed / LONG_LOAD).astype(int)
    load = speed * elapsed / jnp.maximum(pieces, 1)
    move = _mover(generator, killing, speed)
    return jax.lax.fori_loop(0, pieces, lambda _, weights: _poisson_sum(move, weights, load, TOLERANCE), start)


@jax.jit
def time_spent(generator: Generator, start: StateArray, elapsed: float | Scalar) -> StateArray:
    """Return the time spent in each state up to `elapsed`, for any elapsed time. Not differentiable.

    With T_n = w_(n+1) + w_(n+2) + ..., the time spent in a piece is  sum over n of  T_n / L  P^n p(0).
    """
    killing = jnp.zeros(start.shape[-1])
    speed = _speed(generator, killing)
    pieces = jnp.maximum(jnp.ceil(speed * elapsed / MAX_LOAD), 1).astype(int)
    load = speed * elapsed / pieces
    move = _mover(generator, killing, speed)
    weights = jnp.exp(-load) * jnp.cumprod(jnp.concatenate([jnp.ones(1), load / jnp.arange(1.0, MAX_TERMS + 1)]))
    tails = jnp.append(jnp.cumsum(weights[:0:-1])[::-1], 0.0)

    def add_term(state, term):
        power, end, stay = state
        weight, tail = term
        return (move(power), end + weight * power, stay + tail / speed * power), None

    def add_piece(_, state):
        end, stay = state
        (_, end, stay), _ = jax.lax.scan(add_term, (end, jnp.zeros_like(end), stay), (weights, tails))
        return end, stay

    return jax.lax.fori_loop(0, pieces, add_piece, (start, jnp.zeros_like(start)))[1]


def be_silent(
    generator: Generator, killing: StateArray, start: StateArray, elapsed: Scalar, tolerance: float = TOLERANCE
) -> Silence:
    """Return what is left of `start` after a silence of any length. Not differentiable.

    Args:
        generator: the jumps that go unseen.
        killing: rate, per time unit, at which something would have been seen.
        start: distribution of states; sums to 1.
        elapsed: length of the silence, in time units.
        tolerance: largest mass that truncation may leave out of a piece, as a share of the mass at its start.
    """
    common = killing.min()
    log_mass, end, occupancy = _pass(generator, killing - common, start, elapsed, tolerance)
    return Silence(log_mass - common * elapsed, end, occupancy)


def advance(
    generator: Generator, killing: StateArray, start: StateArray, elapsed: Scalar, tolerance: float = TOLERANCE
) -> tuple[Scalar, StateArray]:
    """Return log mass and end of a silence, as `be_silent` does, differentiable by all but `elapsed`.

    `fastest_rate(generator, killing) * elapsed` may be up to `MOST_PIECES * MAX_LOAD`; beyond, the derivatives are nan.
    """
    common = jax.lax.stop_gradient(killing.min())
    log_mass, end = _advance(generator, killing - common, start, elapsed, tolerance)
    return log_mass - common * elapsed, end


def fastest_rate(generator: Generator, killing: StateArray) -> Scalar:
    """Return L, the smallest rate with which a silence can be uniformized, per unit time."""
    return _speed(generator, killing - killing.min())


def _pass(generator, killing, start, elapsed, tolerance):
    """Return log mass, end and occupancy of a silence, piece by piece."""
    pieces, piece, speed = _cut(generator, killing, elapsed)
    move = _mover(generator, killing, speed)

    def go(_, state):
        log_mass, begin, occupancy = state
        moved = _poisson_sum(move, begin, speed * piece, tolerance)
        mass = moved.sum()
        end = moved / mass
        return log_mass + jnp.log(mass), end, occupancy + (begin + end) / 2 * piece

    return jax.lax.fori_loop(0, pieces, go, (jnp.zeros(()), start, jnp.zeros_like(start)))


def _cut(generator, killing, elapsed):
    """Return into how many pieces a silence is cut, how long each is, and the rate to uniformize with."""
    pieces = jnp.maximum(jnp.ceil(_speed(generator, killing) * elapsed / MAX_LOAD - 1e-9), 1).astype(int)
    piece = elapsed / pieces
    return pieces, piece, _speed_for(generator, killing, piece)


def _advance_plain(generator, killing, start, elapsed, tolerance):
    return _pass(generator, killing, start, elapsed, tolerance)[:2]


_advance = jax.custom_vjp(_advance_plain, nondiff_argnums=(4,))


def _speed(generator: Generator, killing: StateArray) -> jax.Array:
    return jnp.maximum((generator.exit_rate() + killing).max(), 1e-300)


def _speed_for(generator: Generator, killing: StateArray, elapsed: jax.Array) -> jax.Array:
    """Return a rate to uniformize with that fills at least `MIN_LOAD`, so that derivatives have a term to come from."""
    return jnp.maximum(_speed(generator, killing), MIN_LOAD / jnp.where(elapsed > 0, elapsed, jnp.inf))


def _mover(generator: Generator, killing: StateArray, speed: jax.Array) -> Callable[[Batch], Batch]:
    """Return the map p -> P p."""
    flow = generator.transposed()
    return lambda weights: weights + (flow.apply(weights) - killing * weights) / speed


def _is_needed(n: jax.Array, weight: jax.Array, load: jax.Array, tolerance: float) -> jax.Array:
    """Return whether terms after term `n`, of Poisson weight `weight`, can exceed the tolerance."""
    following = weight * load / (n + 1)
    ratio = load / (n + 2)
    return (ratio >= 1.0) | (following > tolerance * (1.0 - ratio))


def _poisson_sum(move, start: Batch, load: jax.Array, tolerance: float) -> Batch:
    def go_on(state):
        n, weight, _, _ = state
        return _is_needed(n, weight, load, tolerance)

    def add_term(state):
        n, weight, power, total = state
        weight, power = weight * load / (n + 1), move(power)
        return n + 1, weight, power, total + weight * power

    first = jnp.exp(-load)
    return jax.lax.while_loop(go_on, add_term, (jnp.asarray(0), first, start, first * start))[3]


def _advance_forward(generator, killing, start, elapsed, tolerance):
    return _advance(generator, killing, start, elapsed, tolerance), (generator, killing, start, elapsed)


def _powers(generator, killing, start, speed, load, tolerance):
    """Return P^n p and its weight for every n that counts, and the last n; rows past it stay zero."""
    move = _mover(generator, killing, speed)
    first = jnp.exp(-load)

    def go_on(state):
        n, weight = state[0], state[1]
        return _is_needed(n, weight, load, tolerance) & (n + 1 < MAX_TERMS)

    def add_term(state):
        n, weight, power, powers, weights = state
        weight, power = weight * load / (n + 1), move(power)
        return n + 1, weight, power, powers.at[n + 1].set(power), weights.at[n + 1].set(weight)

    powers = jnp.zeros((MAX_TERMS, *start.shape)).at[0].set(start)
    weights = jnp.zeros(MAX_TERMS).at[0].set(first)
    last, _, _, powers, weights = jax.lax.while_loop(go_on, add_term, (jnp.asarray(0), first, start, powers, weights))
    return powers, weights, last


def _advance_backward(tolerance, saved, cotangents):
    """Go back piece by piece; what a piece ends with, q = u / m with u = p(t) and m its mass, has the cotangent

    u_bar = (q_bar - q_bar' q + log_mass_bar) / m
    """
    generator, killing, start, elapsed = saved
    log_mass_bar, end_bar = cotangents
    pieces, piece, speed = _cut(generator, killing, elapsed)
    begins = _begins(generator, killing, start, pieces, piece, speed, tolerance)

    def back(done, state):
        end_bar, rates_bar, killing_bar = state
        powers, weights, last = _powers(generator, killing, begins[pieces - 1 - done], speed, speed * piece, tolerance)
        moved = weights @ powers
        mass = moved.sum()
        moved_bar = (end_bar - end_bar @ moved / mass + log_mass_bar) / mass
        begin_bar, adjoints = _adjoints(generator, killing, moved_bar, weights, last, speed)
        more_rates, more_killing = _by_rates(generator, powers, adjoints, last)
        rates_bar = tuple(bar + more for bar, more in zip(rates_bar, more_rates, strict=True))
        return begin_bar, rates_bar, killing_bar + more_killing

    zero = jnp.zeros_like(killing)
    nothing = (end_bar, tuple(zero for _ in generator.maps), zero)
    start_bar, rates_bar, killing_bar = jax.lax.fori_loop(0, pieces, back, nothing)
    unit = jnp.where(pieces > MOST_PIECES, jnp.nan, 1.0 / speed)
    generator_bar = Generator(tuple(bar * unit for bar in rates_bar), generator.maps)
    return generator_bar, killing_bar * unit, start_bar, jnp.zeros(())


def _begins(generator, killing, start, pieces, piece, speed, tolerance):
    """Return the distribution at the start of every piece, each scaled to sum 1. Shape `[MOST_PIECES, states]`."""
    move = _mover(generator, killing, speed)

    def keep(number, state):
        begins, begin = state
        moved = _poisson_sum(move, begin, speed * piece, tolerance)
        end = moved / moved.sum()
        return begins.at[number].set(end), end

    first = jnp.zeros((MOST_PIECES, *start.shape)).at[0].set(start)
    return jax.lax.fori_loop(1, pieces, keep, (first, start))[0]


def _adjoints(generator, killing, moved_bar, weights, last, speed):
    """Run the recursion  c_n = w_n moved_bar + P' c_(n+1)  and return c_0, and c_(n+1) for every n."""

    def back_one(state):
        n, current, adjoints = state
        adjoints = adjoints.at[n - 1].set(current)
        pulled = current + (generator.apply(current) - killing * current) / speed
        return n - 1, weights[n - 1] * moved_bar + pulled, adjoints

    empty = jnp.zeros((MAX_TERMS, *moved_bar.shape))
    _, first, adjoints = jax.lax.while_loop(
        lambda state: state[0] > 0, back_one, (last, weights[last] * moved_bar, empty)
    )
    return first, adjoints


def _by_rates(generator, powers, adjoints, last):
    """Return the sums over n of  p_n (c_(n+1)(y) - c_(n+1)(x))  for every map, and of  -p_n c_(n+1)."""

    def add_chunk(chunk, total):
        rates_bar, killing_bar = total
        before = jax.lax.dynamic_slice_in_dim(powers, chunk * CHUNK, CHUNK)
        after = jax.lax.dynamic_slice_in_dim(adjoints, chunk * CHUNK, CHUNK)
        rates_bar = tuple(
            bar + sum(before[row] * difference(after[row], index) for row in range(CHUNK))
            for bar, index in zip(rates_bar, generator.maps, strict=True)
        )
        return rates_bar, killing_bar - (before * after).sum(axis=0)

    zero = jnp.zeros_like(powers[0])
    chunks = (last + CHUNK - 1) // CHUNK
    return jax.lax.fori_loop(0, chunks, add_chunk, (tuple(zero for _ in generator.maps), zero))


_advance.defvjp(_advance_forward, _advance_backward)
