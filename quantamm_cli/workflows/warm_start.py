"""Trainings that begin with a parameter set of another run, or with its whole state."""

from typing import Any

from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import ParamValues
from quantamm_cli.errors import ArgumentError, ConfigError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.run import Train, WarmStart
from quantamm_cli.settings.types import minute
from quantamm_cli.store.runs import Run
from quantamm_cli.training.base import Fit
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.selection import Selected, Selection, chooser, report_missed


def warm_started(
    run: Run,
    run_settings: Train,
    settings: Train,
    selection: Selection,
    params: JsonObject | ParamValues,
    monitor: Monitor,
) -> Train:
    """``settings`` that begin with the parameter set a selection takes of a run.

    ``params`` replace those of the run. Warns if the run used prices of the test period.
    """
    selected = chooser(run_settings, selection)(run)
    report_missed(selected, run_settings, monitor)
    _warn_of_test_prices(run_settings, selected, settings, monitor)
    return with_selected_params(settings, run, selected, params)


def _warn_of_test_prices(
    run_settings: Train, selected: Selected, settings: Train, monitor: Monitor
) -> None:
    """Warn if the parameters were trained or chosen on prices of the test period."""
    used = (run_settings.test_end if "test" in selected.method else None) or run_settings.end
    test_start = settings.cycles[0].end
    if settings.test_end is not None and minute(used) > minute(test_start):
        monitor.warn(
            f"the run it begins with used prices until {used}, and the test begins {test_start}: "
            "its scores are not out of sample"
        )


def with_selected_params(
    settings: Train, run: Run, selected: Selected, params: JsonObject | ParamValues | None = None
) -> Train:
    """``settings`` with the parameters of a selected set, which ``params`` replace.

    Run, step and set become part of their identity.

    Raises:
        ConfigError: the run has a parameter that the pool does not have.
    """
    replaced = params or {}
    specs = {name: spec for spec in _specs(settings) for name in spec.names}
    unused = {specs[name].name for name in replaced if name in specs}
    merged: dict[str, Any] = {}
    for name, value in selected.params.items():
        if name in unused:
            continue
        if name not in specs:
            raise ArgumentError(
                "run",
                f"{run.name[:16]}… has {name}, which pool={settings.pool.kind} does not have; name "
                "a run of such a pool",
            )
        merged[name] = value
    merged |= replaced
    start = WarmStart(run=run.fingerprint, step=selected.step, set=selected.set)
    plain = {name: _tuples(value) for name, value in merged.items()}
    return settings.model_copy(update={"params": plain, "warm_start": start})


def _specs(settings: Train) -> tuple[Parameter, ...]:
    return AbstractPool.typed(settings.pool).parameters(len(settings.tokens))


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else float(value)


def check_longer(run_settings: Train, settings: Train) -> None:
    """Check that ``settings`` are those of a run with more steps.

    Raises:
        ConfigError: another setting differs, there are not more steps, or the steps of the run
            depend on their number.
    """
    before, after = Fit.typed(run_settings.fit), Fit.typed(settings.fit)
    longer = run_settings.model_copy(update={"fit": before.replace(steps=after.steps)})
    if canonical(longer.identity()) != canonical(settings.identity()):
        raise ArgumentError(
            "shorter",
            "takes more steps of the same run: only fit.steps may differ; for other settings "
            "leave it out",
        )
    if after.steps <= before.steps:
        raise ConfigError(
            "fit.steps",
            f"{after.steps} is not more than the run's {before.steps}; give the total number of "
            "steps",
        )
    if (reason := after.depends_on_steps) is not None:
        raise ArgumentError(
            "shorter",
            f"{reason} depends on the number of steps, so the run cannot be made longer; train a "
            "new run",
        )
