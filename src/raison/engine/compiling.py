"""How loops are compiled for the CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numba
from llvmlite import ir
from numba.extending import intrinsic


def compiled(function: Callable) -> Callable:
    """Return `function` compiled, with sums in the order in which they are written."""
    return _compile(function, {"contract"})


def summing(function: Callable) -> Callable:
    """Return `function` compiled, free to add up in any order: sums over long arrays become vector instructions."""
    return _compile(function, {"contract", "reassoc", "nsz"})


def _compile(function: Callable, allowed: set[str]) -> Callable:
    loop = numba.njit(nogil=True, fastmath=allowed, boundscheck=False, error_model="numpy")(function)
    with contextlib.suppress(RuntimeError):  # no folder to keep the code in: every process compiles it anew
        loop.enable_caching()
    return loop


def _fetch(typing_context, array, index):
    def generate(context, builder, signature, arguments):
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(prefetch, [place, number(0), number(2), number(1)])  # to read, into the second-level cache, data
        return context.get_dummy_value()

    return numba.types.void(array, index), generate


fetch: Callable = intrinsic(_fetch)
"""fetch(array, index), in compiled code, asks the processor to bring array[index] into its cache for a later read."""
