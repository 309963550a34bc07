"""Which windows a step trains on."""

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import ConfigError


def starts(seed: int, step: int, batch: int, offset: int) -> NDArray[np.int32]:
    """First rows of a step's windows: ``batch`` different ones of 0 to ``offset``, each as likely.

    A pure function of seed and step, so that a resumed run draws what the uninterrupted one would have.

    Raises:
        ConfigError: there are fewer starts than windows.
    """
    if batch > offset + 1:
        told = f"{batch} windows, but split.bout_offset={offset} leaves {offset + 1} to choose from; lower one or raise the other"
        raise ConfigError("fit.batch_size", told)
    random = np.random.Generator(np.random.PCG64([seed, step, 1]))
    return random.choice(offset + 1, size=batch, replace=False).astype(np.int32)
