"""Parameter sets that diverged: which, why, and what takes their place."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core.params import Parameter, initial
from quantamm_cli.core.types import ParamValues
from quantamm_cli.random import tags
from quantamm_cli.training.settings import FitSettings

Column = NDArray[np.float64]
Draw = Callable[[int, int], Mapping[str, Column]]
"""Step and set to fresh raw parameters ``(*shape)`` of that set."""


def drawn(
    specs: Sequence[Parameter],
    given: ParamValues,
    assets: int,
    fit: FitSettings,
    step: int,
    which: int,
) -> dict[str, Column]:
    """Parameters of the run's own initial distribution around what is ``given`` for the set, as
    ``core.params.initial`` takes it.

    A pure function of the seed, the step and the set. The first set, too, is drawn with noise:
    where it began, it was lost.
    """
    centres = initial(specs, given, fit.parameter_sets, assets, 0.0, fit.seed, fit.init)
    row = (
        0 if fit.init == "grid" else which
    )  # the others of a grid are off their centre even without noise
    centre = {name: values[row] for name, values in centres.items()}
    seeds = np.random.SeedSequence([fit.seed, step, which, tags.REDRAWN_SETS])
    # One of a whole design, not a design of one: that might be the middle of the cube each time.
    sets = max(fit.parameter_sets, 2)
    fresh = initial(
        specs, centre, sets, assets, fit.noise_scale, int(seeds.generate_state(1)[0]), fit.init
    )
    taken = np.random.Generator(np.random.PCG64(seeds)).integers(1, sets)
    return {name: values[taken] for name, values in fresh.items()}


def lost(params: Mapping[str, NDArray[Any]], optimiser: Any, objective: Column) -> dict[int, str]:
    """The sets that cannot go on, and what is not finite: the objective of the step before, a
    parameter, or the optimiser's state.
    """
    reasons = [
        ("objective", objective),
        *params.items(),
        *(("optimiser's state", leaf) for leaf in jax.tree.leaves(optimiser)),
    ]
    found: dict[int, str] = {}
    for name, values in reasons:
        for one in np.flatnonzero(~_whole(values)):
            found.setdefault(int(one), name)
    return dict(sorted(found.items()))


def _whole(values: Any) -> NDArray[np.bool_]:
    """Which sets of ``(sets, …)`` numbers have only finite ones."""
    return np.asarray(np.isfinite(values).reshape(len(values), -1).all(-1))


def with_sets(which: Sequence[int], values: Any, others: Any) -> Any:
    """Arrays ``(sets, …)`` in which some sets are those of ``others``."""

    def mixed(value: Any, other: Any) -> Any:
        mixture = np.array(value)
        mixture[list(which)] = np.asarray(other)[list(which)]
        return mixture

    return jax.tree.map(mixed, values, others)
