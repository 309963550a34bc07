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

from quantamm_cli.core.types import Params
from quantamm_cli.engine.devices import SETS, SHARED, mesh, shard
from quantamm_cli.engine.objective import climbed, judge
from quantamm_cli.settings.types import Count, Natural, NonNegative
from quantamm_cli.training.base import Fit
from quantamm_cli.training.problem import (
    SHARDING,
    Given,
    Numbers,
    Problem,
    Progress,
    Shape,
    StepResult,
    moving,
    shape,
)
from quantamm_cli.training.stopping import marked, told, unless

_ENDS = ("the gradient is smaller than fit.tolerance", "the line search finds nothing better")


class BFGS(Fit, kind="bfgs"):
    """Quasi-Newton steps with a line search, on windows that stay; every set by itself.
    [L-BFGS: Liu & Nocedal, 1989]

    The line search is that of Nocedal & Wright, Numerical Optimization, algorithms 3.5 and 3.6. A
    set ends when its gradient is small, or when not even a step along the gradient leads up.
    """

    steps: Natural = Field(100, description="iterations")
    memory_size: Count = Field(10, description="past steps that shape the next")
    line_search_steps: Count = Field(
        20, description="evaluations in a row that may look for a better point"
    )
    tolerance: NonNegative = Field(
        1e-6, description="norm of the gradient in raw units that ends a set"
    )

    remedy: ClassVar[str] = "a smaller fit.noise_scale"

    def begin(self, problem: Problem, params: Params) -> "Memory":
        begun: Memory = _prepare(self.memory_size, moving(params, problem.aim.trains))
        return begun

    def advance(self, problem: Problem, on: Mesh | None, progress: Progress) -> StepResult:
        params = dict(progress.params)
        numbers = {"line_search_steps": self.line_search_steps, "tolerance": self.tolerance}
        found, moved, memory = _step(
            shape(problem, on, self.memory_size),
            problem.given(progress.step),
            numbers,
            params,
            progress.optimiser,
        )
        (objective, norm, metrics), ended = jax.device_get((found, memory.ended))
        return StepResult(
            objective, metrics, params | moved, memory, {"gradient_norm": norm} | told(ended, _ENDS)
        )

    def cut(self, sets: int) -> Mesh | None:
        return mesh(sets, 1)  # a line search looks at all windows of its set

    def finished(self, progress: Progress) -> bool:
        return bool(np.asarray(progress.optimiser.ended).all())


class Memory(NamedTuple):
    """The past steps of a set, and why it ended, if it has."""

    past: Any
    ended: Int[Array, ""]


def _solver(memory_size: int, line_search_steps: Any) -> Any:
    return optax.lbfgs(
        memory_size=memory_size,
        linesearch=optax.scale_by_zoom_linesearch(line_search_steps, initial_guess_strategy="one"),
    )


def _fresh(memory_size: int, params: Params) -> Any:
    """Without a past: the next step is along the gradient, and no longer than one."""
    return _solver(memory_size, 1).init(params)[0]


@partial(jax.jit, static_argnames="memory_size")
def _prepare(memory_size: int, params: Params) -> Memory:
    return jax.vmap(lambda values: Memory(_fresh(memory_size, values), jnp.zeros((), jnp.int8)))(
        params
    )


@partial(jax.jit, static_argnames="shape")
def _step(
    shape: Shape, given: Given, numbers: Numbers, params: Params, memory: Memory
) -> tuple[tuple[Float[Array, " s"], Float[Array, " s"], Any], Params, Memory]:
    """Objective, gradient's norm and metrics of all sets; their parameters and memory after a
    step: one program, one call.
    """
    work = shard(
        shape.mesh,
        partial(_work, shape),
        (SHARDING._replace(starts=SHARED), SHARED, SETS, SETS),
        SETS,
    )
    return work(given, numbers, params, memory)


def _work(
    shape: Shape, given: Given, numbers: Numbers, params: Params, memory: Memory
) -> tuple[tuple[Array, Array, Any], Params, Memory]:
    solver = _solver(shape.method, numbers["line_search_steps"])

    def one(every: Params, own: Memory) -> tuple[Array, Array, Params, Memory]:
        values = moving(every, shape.aim.trains)

        def loss(trial: Params) -> Array:
            return -climbed(
                shape.aim, given.weights, given.pool, every | trial, given.practice, given.starts
            )

        value, slope = jax.value_and_grad(loss)(values)
        norm = optax.tree.norm(slope)
        sound = jnp.isfinite(value)  # what is not, is lost, not at a top
        ended = marked(own.ended, sound & (norm <= numbers["tolerance"]))
        slope = unless(
            ended, slope, jax.tree.map(jnp.zeros_like, slope)
        )  # no line search for those who stay
        _, *unused = solver.init(values)
        steps, (past, *_) = solver.update(
            slope, (own.past, *unused), values, value=value, grad=slope, value_fn=loss
        )
        moved: Params = jax.tree.map(jnp.add, values, steps)
        stuck = (ravel_pytree(moved)[0] == ravel_pytree(values)[0]).all()
        past = jax.tree.map(
            lambda fresh, kept: jnp.where(stuck, fresh, kept), _fresh(shape.method, values), past
        )
        ended = jnp.where((ended == 0) & sound & stuck & (own.past.count == 0), 2, ended).astype(
            ended.dtype
        )
        moved, past = unless(ended, (moved, past), (values, own.past))
        return -value, norm, moved, Memory(past, ended)

    objective, norm, moved, memory = jax.vmap(one)(params, memory)
    return (
        (objective, norm, judge(given.pool, shape.spans, shape.tracked, params, given.feed)),
        moved,
        memory,
    )
