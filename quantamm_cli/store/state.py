"""The state for an exact resume, beside the checkpoint: named arrays of one run and one step."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from quantamm_cli.errors import StoreError
from quantamm_cli.store import atomic
from quantamm_cli.store.advice import start_over
from quantamm_cli.store.trajectory import packed, read_arrays

_DIGEST = "sha256"


def write_state(path: Path, fingerprint: str, state: Mapping[str, np.ndarray]) -> None:
    """Replaces the state; ``state["step"]`` is the number of steps done.

    Raises StoreError.
    """
    arrays = {name: np.asarray(value) for name, value in state.items()}
    if _DIGEST in arrays or "step" not in arrays:
        raise ValueError(f"a state has a 'step' and nothing called {_DIGEST!r}")
    atomic.write_bytes(path, packed(arrays | {_DIGEST: np.asarray(_digest(fingerprint, arrays))}))


def read_state(path: Path, fingerprint: str) -> dict[str, np.ndarray]:
    """The state. Raises StoreError if it is missing, damaged or another run's."""
    arrays = read_arrays(path)
    digest = arrays.pop(_DIGEST, None)
    if digest is None or str(digest) != _digest(fingerprint, arrays) or step_of(arrays) is None:
        raise StoreError(
            str(path), f"is not the state that was written for this run; {start_over()}"
        )
    return arrays


def step_of(state: Mapping[str, np.ndarray]) -> int | None:
    """The number of steps done; None if the state does not have it."""
    step = np.asarray(state.get("step", ""))
    return int(step) if step.shape == () and step.dtype.kind in "iu" else None


def _digest(fingerprint: str, arrays: Mapping[str, np.ndarray]) -> str:
    total = hashlib.sha256(fingerprint.encode("ascii"))
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()
