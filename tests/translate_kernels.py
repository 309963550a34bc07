"""``make kernels``: translate the kernels' Python to LLVM IR, for the package to ship."""

import sys

from quantamm_cli.kernels.translation import SHIPPED, translated, write


def without_places(text: str) -> str:
    """The text without paths of this machine, which numba's unused messages contain; of the same
    length, as the text counts its bytes.
    """
    return text.replace(sys.prefix, "." * len(sys.prefix))


if __name__ == "__main__":
    write(SHIPPED, {name: without_places(text) for name, text in translated().items()})
    print(f"{SHIPPED}: {SHIPPED.stat().st_size:,} bytes")
