"""Where things are in what XLA hands to a compiled function: offsets in 64-bit words,
by jaxlib's ``xla/ffi/api/c_api.h``.
"""

API_VERSION = 0 | 3 << 32
"""Major and minor version of the interface that these offsets are of."""

EXTENSION, API, CONTEXT, STAGE = 1, 2, 3, 4
ARGUMENTS, RESULTS = 5, 10
"""Of XLA_FFI_CallFrame: where it keeps its extension, the interface, the execution,
the stage, and the two lists.
"""

COUNT, ITEMS = 2, 4
"""Of XLA_FFI_Args and XLA_FFI_Rets: how many buffers, and the pointers to them."""

DATA, RANK, DIMS = 3, 4, 5
"""Of XLA_FFI_Buffer."""

EXECUTE = 3
"""The stage that does the work."""

METADATA, EXTENSION_TYPE, EXTENSION_METADATA, METADATA_VERSION = 1, 1, 3, 3
"""The extension that asks for a version: its type, where it keeps that and the answer's place, and
of the latter the version.
"""

ERROR_DESTROY, SCHEDULE, THREADS = 8, 17, 18
"""Of XLA_FFI_Api: the functions used here."""
