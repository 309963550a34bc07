"""What compiled code needs of the machine and numba does not offer: raw memory,
atomic counters, calls through addresses.

Everything here and in the modules of arithmetic allocates nothing through numba's runtime and
raises nothing, so that the machine code stands alone: it is loaded without numba.
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
    """Compiled once, for arguments that are so many words: numba would compile anew for
    every constant that is one.
    """
    return njit(result(*[WORD] * words), **OPTIONS)


_WORD = ir.IntType(64)


def _pointer(kind: Any) -> Any:
    """A compiled function that makes an address a pointer to numbers of a kind."""

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
    """A pointer to what lies so many numbers behind."""

    def build(context, builder, signature, args):
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), build


@intrinsic
@no_type_check
def fetch_add(typing, address, change):
    """The word at an address, to which ``change`` is added at once for all threads."""

    def build(context, builder, signature, args):
        return builder.atomic_rmw(
            "add", builder.inttoptr(args[0], _WORD.as_pointer()), args[1], "seq_cst"
        )

    return types.int64(types.int64, types.int64), build


@intrinsic
@no_type_check
def invoke(typing, function, argument):
    """Call the function at an address with one word; the word it answers."""

    def build(context, builder, signature, args):
        kind = ir.FunctionType(_WORD, [_WORD])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1]])

    return types.int64(types.int64, types.int64), build


def symbols(names: tuple[str, ...]) -> Any:
    """A compiled function that gives the address known to the linker by the name at a
    position, the last for any other.
    """

    @intrinsic
    @no_type_check
    def address(typing, position):
        def build(context, builder, signature, args):
            kind = ir.FunctionType(_WORD, [_WORD])
            places = [
                builder.ptrtoint(cgutils.get_or_insert_function(builder.module, kind, name), _WORD)
                for name in names
            ]
            found = places[-1]
            for number, place in enumerate(places):
                found = builder.select(
                    builder.icmp_signed("==", args[0], ir.Constant(_WORD, number)), place, found
                )
            return found

        return types.int64(types.int64), build

    return address


allocate = types.ExternalFunction("malloc", types.int64(types.int64))
release = types.ExternalFunction("free", types.void(types.int64))
