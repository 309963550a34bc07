"""CMA-ES."""

from functools import partial
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh
from jaxtyping import Float, Int
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core.programs import program
from quantamm_cli.core.types import Params
from quantamm_cli.engine.devices import SETS, SHARED, mean_over_windows, shard
from quantamm_cli.engine.objective import Gain, gains, period_scores
from quantamm_cli.random import tags
from quantamm_cli.settings.types import Natural, NonNegative, Positive
from quantamm_cli.training.base import Fit
from quantamm_cli.training.covariance import (
    Constants,
    Distribution,
    axes,
    default_population,
    distribution,
    updated,
)
from quantamm_cli.training.problem import (
    SHARDING,
    Numbers,
    Problem,
    Progress,
    Shape,
    StepInputs,
    StepResult,
    moving,
    shape,
)
from quantamm_cli.training.stopping import end_reasons, hold_ended, mark_ended

_ENDS = (
    "the distribution is narrower than fit.tolerance",
    "the condition of the distribution is above 1e14",
)
_LONGEST = 1e14
"""The largest condition of a covariance that double precision can distinguish from a singular one.
"""


class CMAES(Fit, kind="cma_es"):
    """Covariance matrix adaptation: normal distributions that learn their shape from ranks.
    [Hansen, arXiv:1604.00772]

    Each parameter set is the mean of its own distribution; every step evaluates the candidates of
    all sets on the same windows, in one program. It needs no gradient.
    """

    steps: Natural = Field(300, description="generations")
    sigma0: Positive = Field(
        0.5, description="first standard deviation of candidates, in raw units"
    )
    population: int | None = Field(
        None,
        ge=2,
        description="candidates a generation and set; null: 4 + floor(3 ln n) of n raw numbers",
    )
    tolerance: NonNegative = Field(
        1e-8, description="largest standard deviation in raw units that ends a set"
    )

    advice: ClassVar[str] = "a smaller fit.sigma0"

    def begin(self, problem: Problem, params: Params) -> "Search":
        search: Search = _prepare(moving(params, problem.aim.trains), self.sigma0)
        return search

    def advance(self, problem: Problem, on: Mesh | None, progress: Progress) -> StepResult:
        params = dict(progress.params)
        inputs, numbers = problem.inputs(progress.step), {"tolerance": self.tolerance}
        scores, moved, search = _step(
            shape(problem, on), inputs, numbers, params, progress.optimiser, self._drawn(progress)
        )
        (gain, best, metrics), ended, sigma = jax.device_get(
            (scores, search.ended, progress.optimiser.distribution.sigma)
        )
        extras = {"sigma": sigma} | end_reasons(ended, _ENDS)
        return StepResult(
            gain.value,
            metrics,
            params | moved,
            search,
            extras,
            alive=best,
            windows=gain.windows,
        )

    def finished(self, progress: Progress) -> bool:
        return bool(np.asarray(progress.optimiser.ended).all())

    def _drawn(self, progress: Progress) -> NDArray[np.float64]:
        """Standard normal numbers ``(sets, candidates, n)``: a pure function of seed and step."""
        sets, n = progress.optimiser.distribution.p_c.shape
        population = default_population(n) if self.population is None else self.population
        random = np.random.Generator(np.random.PCG64([self.seed, progress.step, tags.CMA_ES]))
        return random.standard_normal((sets, population, n))


class Search(NamedTuple):
    """The distribution of a set, and the reason why it ended (0: it has not)."""

    distribution: Distribution
    ended: Int[Array, ""]


@program()
def _prepare(params: Params, sigma0: Float[Array, ""]) -> Search:
    def one(values: Params) -> Search:
        return Search(distribution(ravel_pytree(values)[0].size, sigma0), jnp.zeros((), jnp.int8))

    return jax.vmap(one)(params)


@program("shape")
def _step(
    shape: Shape,
    inputs: StepInputs,
    numbers: Numbers,
    params: Params,
    search: Search,
    drawn: Float[Array, "s m n"],
) -> tuple[tuple[Gain, Float[Array, " s"], Any], Params, Search]:
    """Objective of the means, that of the best candidates, metrics, and means and distributions
    after the step, as one program.
    """
    work = shard(shape.mesh, partial(_work, shape), (SHARDING, SHARED, SETS, SETS, SETS), SETS)
    return work(inputs, numbers, params, search, drawn)


def _work(
    shape: Shape, inputs: StepInputs, numbers: Numbers, params: Params, search: Search, drawn: Array
) -> tuple[tuple[Gain, Array, Any], Params, Search]:
    means = moving(params, shape.aim.trains)
    sets, population, n = drawn.shape
    constants = Constants.of(n, population)
    axis = jax.vmap(axes)(search.distribution.covariance)
    candidates = jax.vmap(_candidates)(means, search.distribution.sigma, axis.root, drawn)
    fixed = jax.tree.map(lambda value: jnp.repeat(value[:, None], population + 1, axis=1), params)
    flat = jax.tree.map(
        lambda value: value.reshape(sets * (population + 1), *value.shape[2:]), fixed | candidates
    )
    gain = gains(shape.aim, inputs.weights, inputs.pool, flat, inputs.practice, inputs.starts)
    by_set = Gain(*(column.reshape(sets, population + 1) for column in gain))
    (objectives, windows), _ = mean_over_windows(shape.mesh, by_set, ())

    def one(
        mean: Params,
        now: Search,
        root: Array,
        widest: Array,
        least: Array,
        z: Array,
        scores: Array,
        counts: Array,
    ) -> tuple[Params, Search]:
        flat, shaped = ravel_pytree(mean)
        moved, after = updated(constants, flat.astype(z.dtype), now.distribution, root, z, scores)
        narrow = now.distribution.sigma * jnp.sqrt(widest) < numbers["tolerance"]
        ended = mark_ended(now.ended, narrow, widest > _LONGEST * least)
        stays = ended + (counts == 0).all()  # without a score, candidates have no ranks
        new, after = hold_ended(
            stays, (shaped(moved.astype(flat.dtype)), after), (mean, now.distribution)
        )
        return new, Search(after, ended)

    scores = objectives[:, 1:]
    moved, search = jax.vmap(one)(
        means, search, axis.root, axis.greatest, axis.least, drawn, scores, windows[:, 1:]
    )
    # A candidate without a window has not diverged.
    finite = jnp.where(windows[:, 1:] > 0, scores, 0)
    best = jnp.where(jnp.isfinite(finite), finite, -jnp.inf).max(axis=1)
    metrics = period_scores(inputs.pool, shape.spans, shape.tracked, params, inputs.feed)
    return (Gain(objectives[:, 0], windows[:, 0]), best, metrics), moved, search


def _candidates(mean: Params, sigma: Array, root: Array, drawn: Array) -> Params:
    """The mean of a set, followed by its candidates."""
    flat, shaped = ravel_pytree(mean)
    offsets = jnp.concatenate([jnp.zeros((1, flat.size), drawn.dtype), sigma * drawn @ root])
    candidates: Params = jax.vmap(shaped)((flat + offsets).astype(flat.dtype))
    return candidates
