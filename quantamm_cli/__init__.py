"""qsim: an experiment runner for automated-market-maker pools.

    import quantamm_cli as qsim

    settings = qsim.compose("train", "pool/rule=momentum", "fit.steps=200")
    result = qsim.train(settings)
    print(result)

Importing it is fast: the module of a public name is imported when the name is first used.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from quantamm_cli.version import __version__

_HOMES = {
    "api.training": ("simulate", "train", "walk_forward"),
    "api.competitions": ("compete",),
    "api.evaluation": ("evaluate", "report"),
    "api.markets": ("market",),
    "api.runs": ("load", "reproduce", "runs"),
    "api.settings": ("Settings", "compose"),
    "api.studies": ("tune",),
    "api.simulators": ("parameters", "simulator"),
    "market.content": ("MemoryMarket",),
    "workflows.compete.standings": ("CompetitionResult",),
    "workflows.evaluate": ("EvaluationResult",),
    "workflows.monitor": ("Monitor",),
    "workflows.parameters": ("ParameterTable",),
    "workflows.report": ("Report",),
    "workflows.reproduce": ("Reproduction",),
    "workflows.simulate": ("SimulationResult",),
    "workflows.simulator": ("Simulator",),
    "workflows.stored_runs": ("StoredRun",),
    "workflows.train": ("TrainingResult",),
    "workflows.trajectory": ("Trajectory",),
    "workflows.tune": ("StudyResult",),
    "workflows.walk_forward": ("WalkForwardResult",),
    "errors": (
        "ArgumentError",
        "ConfigError",
        "DataError",
        "DivergedError",
        "Interrupted",
        "QsimError",
        "StoreError",
    ),
    "competition.strategy": ("Strategy", "Swap"),
    "core.params": ("Parameter",),
    "metrics.base": ("metric",),
    "pools.base": ("AbstractPool",),
    "rules.base": ("WeightRule",),
}
_ROOMS = ("compete", "market")
"""Public functions with the names of packages."""
_PUBLIC = {name: home for home, names in _HOMES.items() for name in names}

if TYPE_CHECKING:
    from quantamm_cli.api.competitions import compete
    from quantamm_cli.api.evaluation import evaluate, report
    from quantamm_cli.api.markets import market
    from quantamm_cli.api.runs import load, reproduce, runs
    from quantamm_cli.api.settings import Settings, compose
    from quantamm_cli.api.simulators import parameters, simulator
    from quantamm_cli.api.studies import tune
    from quantamm_cli.api.training import simulate, train, walk_forward
    from quantamm_cli.competition.strategy import Strategy, Swap
    from quantamm_cli.core.params import Parameter
    from quantamm_cli.errors import (
        ArgumentError,
        ConfigError,
        DataError,
        DivergedError,
        Interrupted,
        QsimError,
        StoreError,
    )
    from quantamm_cli.market.content import MemoryMarket
    from quantamm_cli.metrics.base import metric
    from quantamm_cli.pools.base import AbstractPool
    from quantamm_cli.rules.base import WeightRule
    from quantamm_cli.workflows.compete.standings import CompetitionResult
    from quantamm_cli.workflows.evaluate import EvaluationResult
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.parameters import ParameterTable
    from quantamm_cli.workflows.report import Report
    from quantamm_cli.workflows.reproduce import Reproduction
    from quantamm_cli.workflows.simulate import SimulationResult
    from quantamm_cli.workflows.simulator import Simulator
    from quantamm_cli.workflows.stored_runs import StoredRun
    from quantamm_cli.workflows.train import TrainingResult
    from quantamm_cli.workflows.trajectory import Trajectory
    from quantamm_cli.workflows.tune import StudyResult
    from quantamm_cli.workflows.walk_forward import WalkForwardResult

__all__ = [
    "AbstractPool",
    "ArgumentError",
    "CompetitionResult",
    "ConfigError",
    "DataError",
    "DivergedError",
    "EvaluationResult",
    "Interrupted",
    "MemoryMarket",
    "Monitor",
    "Parameter",
    "ParameterTable",
    "QsimError",
    "Report",
    "Reproduction",
    "Settings",
    "SimulationResult",
    "Simulator",
    "StoreError",
    "StoredRun",
    "Strategy",
    "StudyResult",
    "Swap",
    "TrainingResult",
    "Trajectory",
    "WalkForwardResult",
    "WeightRule",
    "__version__",
    "compete",
    "compose",
    "evaluate",
    "load",
    "market",
    "metric",
    "parameters",
    "report",
    "reproduce",
    "runs",
    "simulate",
    "simulator",
    "train",
    "tune",
    "walk_forward",
]


class _Package(ModuleType):
    """A module in which importing ``quantamm_cli.market`` does not replace the function
    ``market``.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _PUBLIC and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _PUBLIC[name].startswith("api."):
        from quantamm_cli.config.components import load_components

        load_components()
    value = getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    # ``import quantamm_cli.market.load as load`` uses the name of the object called market
    if name in _ROOMS:
        value.__name__ = f"{__name__}.{name}"
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
