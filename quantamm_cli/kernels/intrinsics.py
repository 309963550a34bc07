"""What numba lacks and compiled code needs: raw memory, atomic counters, calls through addresses.

Nothing here or in the modules of arithmetic allocates through numba's runtime or raises, so the
machine code needs no other library and is loaded without numba.
"""

from typing import Any, no_type_check

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "fastmath": {"contract"},
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
compiled: Any = njit(**OPTIONS)
inlined: Any = njit(**OPTIONS, forceinline=True)
WORD = types.int64
FLOATS, INTEGERS, OCTETS, WORDS = (
    types.CPointer(kind) for kind in (types.float64, types.int32, types.uint8, WORD)
)


def typed(result: Any, words: int) -> Any:
    """Compiles a function of that many words once: numba would compile it anew for each argument
    that is a constant.
    """
    return njit(result(*[WORD] * words), **OPTIONS)


_WORD = ir.IntType(64)


def _pointer(kind: Any) -> Any:
    """A compiled function that turns an address into a pointer to numbers of a kind."""

    @intrinsic
    @no_type_check
    def pointer(typing, address):
        def build(context, builder, signature, args):
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return types.CPointer(kind)(types.int64), build

    return pointer


floats, integers, octets, words = (
    _pointer(kind) for kind in (types.float64, types.int32, types.uint8, types.int64)
)


@intrinsic
@no_type_check
def shifted(typing, pointer, count):
    """The pointer, advanced by ``count`` numbers."""

    def build(context, builder, signature, args):
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), build


@intrinsic
@no_type_check
def fetch_add(typing, address, change):
    """Adds ``change`` to the word at an address, atomically; returns the word before."""

    def build(context, builder, signature, args):
        return builder.atomic_rmw(
            "add", builder.inttoptr(args[0], _WORD.as_pointer()), args[1], "seq_cst"
        )

    return types.int64(types.int64, types.int64), build


@intrinsic
@no_type_check
def invoke(typing, function, argument):
    """Calls the function at an address with one word; returns its word."""

    def build(context, builder, signature, args):
        kind = ir.FunctionType(_WORD, [_WORD])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1]])

    return types.int64(types.int64, types.int64), build


def symbols(names: tuple[str, ...]) -> Any:
    """A compiled function from a position in ``names`` to the address of that symbol; other
    positions give the last one.
    """

    @intrinsic
    @no_type_check
    def address(typing, position):
        def build(context, builder, signature, args):
            kind = ir.FunctionType(_WORD, [_WORD])
            addresses = [
                builder.ptrtoint(cgutils.get_or_insert_function(builder.module, kind, name), _WORD)
                for name in names
            ]
            chosen = addresses[-1]
            for number, symbol in enumerate(addresses):
                is_asked = builder.icmp_signed("==", args[0], ir.Constant(_WORD, number))
                chosen = builder.select(is_asked, symbol, chosen)
            return chosen

        return types.int64(types.int64), build

    return address


allocate = types.ExternalFunction("malloc", types.int64(types.int64))
release = types.ExternalFunction("free", types.void(types.int64))
