"""Parameter sets that diverged: which, why, and their replacements."""

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
"""From step and set to new raw parameters ``(*shape)`` of that set."""


def drawn(
    specs: Sequence[Parameter],
    values: ParamValues,
    assets: int,
    fit: FitSettings,
    step: int,
    which: int,
) -> dict[str, Column]:
    """Parameters from the run's initial distribution around the set's ``values``, which are as in
    ``core.params.initial``.

    A pure function of the seed, the step and the set. The first set, too, is drawn with noise: from
    its starting point it would diverge again.
    """
    centres = initial(specs, values, fit.parameter_sets, assets, 0.0, fit.seed, fit.init)
    # Sets of a grid but the first are off their centre even without noise.
    row = 0 if fit.init == "grid" else which
    centre = {name: values[row] for name, values in centres.items()}
    seeds = np.random.SeedSequence([fit.seed, step, which, tags.REDRAWN_SETS])
    # One point of a larger design: a design of one point might always be the middle of the cube.
    sets, seed = max(fit.parameter_sets, 2), int(seeds.generate_state(1)[0])
    fresh = initial(specs, centre, sets, assets, fit.noise_scale, seed, fit.init)
    chosen = np.random.Generator(np.random.PCG64(seeds)).integers(1, sets)
    return {name: drawn[chosen] for name, drawn in fresh.items()}


def diverged(
    params: Mapping[str, NDArray[Any]], optimiser: Any, objective: Column
) -> dict[int, str]:
    """The sets that diverged, and what is not finite: the objective of the step before, a
    parameter, or the optimiser's state.
    """
    checks = [("objective", objective), *params.items()]
    checks += [("optimiser's state", leaf) for leaf in jax.tree.leaves(optimiser)]
    reasons: dict[int, str] = {}
    for name, values in checks:
        for one in np.flatnonzero(~_all_finite(values)):
            reasons.setdefault(int(one), name)
    return dict(sorted(reasons.items()))


def _all_finite(values: Any) -> NDArray[np.bool_]:
    """Whether all numbers of each set are finite, of an array ``(sets, …)``."""
    return np.asarray(np.isfinite(values).reshape(len(values), -1).all(-1))


def replace_sets(which: Sequence[int], values: Any, others: Any) -> Any:
    """Arrays ``(sets, …)`` with the chosen sets replaced by those of ``others``."""

    def mixed(value: Any, other: Any) -> Any:
        mixture = np.array(value)
        mixture[list(which)] = np.asarray(other)[list(which)]
        return mixture

    return jax.tree.map(mixed, values, others)
