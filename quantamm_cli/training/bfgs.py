"""L-BFGS."""

from functools import partial
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh
from jaxtyping import Float, Int
from pydantic import Field

from quantamm_cli.core.programs import program
from quantamm_cli.core.types import Params
from quantamm_cli.engine.devices import SETS, SHARED, mesh, shard
from quantamm_cli.engine.objective import Gain, penalised, period_scores
from quantamm_cli.settings.types import Count, Natural, NonNegative
from quantamm_cli.training.base import Fit
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
    "the gradient is smaller than fit.tolerance",
    "the line search finds nothing better",
    "the metric exists on none of its windows",
)


class BFGS(Fit, kind="bfgs"):
    """Quasi-Newton steps with a line search, on the same windows at every step; each set on its
    own. [L-BFGS: Liu & Nocedal, 1989]

    The line search is that of Nocedal & Wright, Numerical Optimization, algorithms 3.5 and 3.6. A
    set ends when its gradient is small, when no step along the gradient improves it, or when the
    metric exists on none of its windows.
    """

    steps: Natural = Field(100, description="iterations")
    memory_size: Count = Field(10, description="past steps from which the next is computed")
    line_search_steps: Count = Field(20, description="largest number of evaluations a line search")
    tolerance: NonNegative = Field(
        1e-6, description="norm of the gradient in raw units that ends a set"
    )

    advice: ClassVar[str] = "a smaller fit.noise_scale"

    def begin(self, problem: Problem, params: Params) -> "Memory":
        memory: Memory = _prepare(self.memory_size, moving(params, problem.aim.trains))
        return memory

    def advance(self, problem: Problem, on: Mesh | None, progress: Progress) -> StepResult:
        params = dict(progress.params)
        numbers = {"line_search_steps": self.line_search_steps, "tolerance": self.tolerance}
        scores, moved, memory = _step(
            shape(problem, on, self.memory_size),
            problem.inputs(progress.step),
            numbers,
            params,
            progress.optimiser,
        )
        (gain, norm, metrics), ended = jax.device_get((scores, memory.ended))
        extras = {"gradient_norm": norm} | end_reasons(ended, _ENDS)
        return StepResult(gain.value, metrics, params | moved, memory, extras, windows=gain.windows)

    def device_mesh(self, sets: int) -> Mesh | None:
        return mesh(sets, 1)  # a line search needs all windows of its set

    def finished(self, progress: Progress) -> bool:
        return bool(np.asarray(progress.optimiser.ended).all())


class Memory(NamedTuple):
    """The past steps of a set, and the reason why it ended (0: it has not)."""

    past: Any
    ended: Int[Array, ""]


def _solver(memory_size: int, line_search_steps: Any) -> Any:
    return optax.lbfgs(
        memory_size=memory_size,
        linesearch=optax.scale_by_zoom_linesearch(line_search_steps, initial_guess_strategy="one"),
    )


def _fresh(memory_size: int, params: Params) -> Any:
    """The state without past steps: the next step is along the gradient, of length one at most."""
    return _solver(memory_size, 1).init(params)[0]


@program("memory_size")
def _prepare(memory_size: int, params: Params) -> Memory:
    def one(values: Params) -> Memory:
        return Memory(_fresh(memory_size, values), jnp.zeros((), jnp.int8))

    return jax.vmap(one)(params)


@program("shape")
def _step(
    shape: Shape, inputs: StepInputs, numbers: Numbers, params: Params, memory: Memory
) -> tuple[tuple[Gain, Float[Array, " s"], Any], Params, Memory]:
    """Objective, norm of the gradient and metrics of all sets, and parameters and memory after the
    step, as one program.
    """
    in_specs = SHARDING._replace(starts=SHARED), SHARED, SETS, SETS
    work = shard(shape.mesh, partial(_work, shape), in_specs, SETS)
    return work(inputs, numbers, params, memory)


def _work(
    shape: Shape, inputs: StepInputs, numbers: Numbers, params: Params, memory: Memory
) -> tuple[tuple[Gain, Array, Any], Params, Memory]:
    solver = _solver(shape.method, numbers["line_search_steps"])

    def one(every: Params, before: Memory) -> tuple[Gain, Array, Params, Memory]:
        values = moving(every, shape.aim.trains)

        def counted(trial: Params) -> tuple[Array, Gain]:
            params, aim, weights = every | trial, shape.aim, inputs.weights
            gain = penalised(aim, weights, inputs.pool, params, inputs.practice, inputs.starts)
            return -gain.value, gain

        def loss(trial: Params) -> Array:
            return counted(trial)[0]

        (value, gain), slope = jax.value_and_grad(counted, has_aux=True)(values)
        norm = optax.tree.norm(slope)
        finite = jnp.isfinite(value)  # a set that diverged has not reached an optimum
        ended = mark_ended(before.ended, finite & (norm <= numbers["tolerance"]))
        # The windows are the same at every step: what has none now has none later.
        ended = jnp.where((ended == 0) & (gain.windows == 0), 3, ended).astype(ended.dtype)
        # A zero gradient ends the line search of a set that has ended.
        slope = hold_ended(ended, slope, jax.tree.map(jnp.zeros_like, slope))
        _, *unused = solver.init(values)
        steps, (past, *_) = solver.update(
            slope, (before.past, *unused), values, value=value, grad=slope, value_fn=loss
        )
        moved: Params = jax.tree.map(jnp.add, values, steps)
        stuck = (ravel_pytree(moved)[0] == ravel_pytree(values)[0]).all()
        fresh = _fresh(shape.method, values)
        past = jax.tree.map(lambda new, old: jnp.where(stuck, new, old), fresh, past)
        at_optimum = (ended == 0) & finite & stuck & (before.past.count == 0)
        ended = jnp.where(at_optimum, 2, ended).astype(ended.dtype)
        moved, past = hold_ended(ended, (moved, past), (values, before.past))
        return gain, norm, moved, Memory(past, ended)

    gain, norm, moved, memory = jax.vmap(one)(params, memory)
    metrics = period_scores(inputs.pool, shape.spans, shape.tracked, params, inputs.feed)
    return (gain, norm, metrics), moved, memory
