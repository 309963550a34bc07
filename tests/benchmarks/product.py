"""All that the benchmarks need of the package's inner modules: a move changes this file only.

Imports are inside the functions: a process that measures decides when they are made.
"""

import typing
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any


def start() -> None:
    """JAX as the product uses it, and all components."""
    from quantamm_cli.config.components import load_components
    from quantamm_cli.workflows.runtime import start_jax

    start_jax()
    load_components()


def compile_kernels() -> None:
    """The machine code of the minute loop, which is made once for a machine."""
    from quantamm_cli.kernels.build import entry
    from quantamm_cli.kernels.tasks import FAMILIES

    for family in FAMILIES:
        entry(family)


def executors() -> list[str]:
    """The ways a loop over minutes may run."""
    from quantamm_cli.config.components import load_components
    from quantamm_cli.settings.component import component

    load_components()
    names = typing.get_args(component("fees", "none").model_fields["executor"].annotation)
    return [name for name in names if name != "auto"]


def settings(words: Sequence[str]) -> Any:
    """The typed settings of ``qsim train WORDS``."""
    from quantamm_cli.config.compose import Composer
    from quantamm_cli.config.read import read_settings
    from quantamm_cli.settings.run import Train

    return read_settings(Train, Composer("train", tuple(words)).tree())


def problem(words: Sequence[str]) -> tuple[Any, Any]:
    """The training problem of ``qsim train WORDS``, and its beginning."""
    from quantamm_cli.workflows.data import load_market
    from quantamm_cli.workflows.training_run import training_problem

    training = settings(words)
    market = load_market(training, training.test_end or training.end)
    problem, progress, *_ = training_problem(training, market)
    return problem, progress


def path(words: Sequence[str], minutes: int, gradient: bool) -> Callable[[], Any]:
    """The objective of one window of so many minutes, or the objective and its gradient."""
    import jax
    import jax.numpy as jnp

    from quantamm_cli.engine.objective import ascent, objective

    posed, progress = problem(words)
    fixed = replace(posed.aim, rows=minutes), posed.weights, posed.pool
    params, starts = dict(progress.params), jnp.zeros(1, jnp.int32)
    if gradient:
        return partial(ascent, *fixed, params, posed.feed, starts)

    def value(params: Any, feed: Any, starts: Any) -> Any:
        return jax.vmap(partial(objective, *fixed), in_axes=(0, None, None))(params, feed, starts)

    return partial(jax.jit(value), params, posed.feed, starts)


def step(words: Sequence[str]) -> Callable[[], Any]:
    """One more step of ``qsim train WORDS`` with every call."""
    from quantamm_cli.training.fit import fit

    steps = fit(*problem(words))
    return lambda: next(steps)[0].objective


def competition(what: str, count: int, simulations: int, steps: int) -> Callable[[], object]:
    """A competition that is ready to be played: ``count`` strategies of a kind, no two alike."""
    import quantamm_cli.competition.strategies  # noqa: F401
    from quantamm_cli.competition.engine import compete
    from quantamm_cli.competition.market import MarketSettings, markets
    from quantamm_cli.competition.types import Entrant, Rules
    from quantamm_cli.settings.component import component

    def strategy(place: int) -> Any:
        fee = 20.0 + 10.0 * place
        if what == "fixed fees":
            return component("strategy", "fixed_fee")(fee_bps=fee)
        if what == "with state":
            return component("strategy", "vol_adaptive")(base_bps=fee, vol_bps=1e4)
        kind = component("strategy", "concentrated")
        return kind(low=50.0 - place, high=1e4 / (50.0 - place), fee_bps=fee)

    settings = component("market", "lognormal")()
    assert isinstance(settings, MarketSettings)
    market = markets(settings, range(simulations), steps)
    entrants = [Entrant(f"{what} {place}", strategy(place)) for place in range(count)]
    return partial(compete, entrants, market, Rules(epoch_length=steps // 4))
