"""The layout of XLA's call frame: offsets in 64-bit words, from
jaxlib's ``xla/ffi/api/c_api.h``.
"""

API_VERSION = 0 | 3 << 32
"""The version of the interface with these offsets: major in the low 32 bits, minor in the high."""

EXTENSION, API, CONTEXT, STAGE = 1, 2, 3, 4
ARGUMENTS, RESULTS = 5, 10
"""Members of XLA_FFI_CallFrame: extension, interface, execution context, stage, and the lists of
arguments and results.
"""

COUNT, ITEMS = 2, 4
"""Members of XLA_FFI_Args and XLA_FFI_Rets: the number of buffers, and the pointers to them."""

DATA, RANK, DIMS = 3, 4, 5
"""Members of XLA_FFI_Buffer."""

EXECUTE = 3
"""The stage that does the work."""

METADATA, EXTENSION_TYPE, EXTENSION_METADATA, METADATA_VERSION = 1, 1, 3, 3
"""The extension that asks for the version: the value of its type; the members that hold the type
and the pointer to the answer; the member of the answer that takes the version.
"""

ERROR_DESTROY, SCHEDULE, THREADS = 8, 17, 18
"""Members of XLA_FFI_Api: the functions used here."""
