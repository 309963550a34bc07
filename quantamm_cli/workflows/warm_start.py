"""Trainings that begin where another run is: with one of its parameter sets,
or with the whole of its state.
"""

from typing import Any

from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import ParamValues
from quantamm_cli.errors import ArgumentError, ConfigError, DataError, argument
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.run import Train, WarmStart
from quantamm_cli.settings.types import minute
from quantamm_cli.store.runs import Run
from quantamm_cli.training.base import Fit
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.selection import Selected, Selection, chooser


def warm_started(
    run: Run,
    own: Train,
    settings: Train,
    selection: Selection,
    given: JsonObject | ParamValues,
    monitor: Monitor,
) -> Train:
    """``settings`` beginning with the parameters that a selection takes of a run,
    whose ``own`` settings may be others.

    Parameters that are ``given`` are those, not the run's. What the run had seen of
    the new one's test is said.
    """
    selected = chooser(own, selection)(run)
    _say_seen(own, selected, settings, monitor)
    return warmed(settings, run, selected, given)


def _say_seen(own: Train, selected: Selected, settings: Train, monitor: Monitor) -> None:
    """Parameters that were trained or chosen on later prices know something of the test."""
    seen = (own.test_end if "test" in selected.method else None) or own.end
    tests = settings.cycles[0].end
    if settings.test_end is not None and minute(seen) > minute(tests):
        monitor.warn(
            f"the run it begins with saw prices until {seen}, and the test begins {tests}: its "
            "scores are not out of sample"
        )


def warmed(
    settings: Train, run: Run, selected: Selected, given: JsonObject | ParamValues | None = None
) -> Train:
    """``settings`` with the parameters of a selected set but for those that are ``given``; run,
    step and set join their identity.

    Raises:
        ConfigError: the pool has other parameters than the run's.
    """
    given = given or {}
    named = {name: spec for spec in _specs(settings) for name in spec.names}
    shadowed = {named[name].name for name in given if name in named}
    kept = {name: value for name, value in selected.params.items() if name not in shadowed}
    foreign = [name for name in kept if name not in named]
    if foreign:
        raise ArgumentError(
            "run",
            f"{run.name[:16]}… has {foreign[0]}, which pool={settings.pool.kind} does not; name "
            "a run of such a pool",
        )
    plain = {name: _tuples(value) for name, value in {**kept, **given}.items()}
    return settings.model_copy(
        update={
            "params": plain,
            "warm_start": WarmStart(run=run.fingerprint, step=selected.step, set=selected.set),
        }
    )


def _specs(settings: Train) -> tuple[Parameter, ...]:
    return AbstractPool.typed(settings.pool).parameters(len(settings.tokens))


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else float(value)


def check_longer(own: Train, settings: Train) -> None:
    """Whether ``settings`` are a run's own with more steps.

    Raises:
        ConfigError: other settings differ too, or the steps taken would have been others
            had so many been asked for.
    """
    before, after = Fit.typed(own.fit), Fit.typed(settings.fit)
    longer = own.model_copy(update={"fit": before.replace(steps=after.steps)})
    if canonical(longer.identity()) != canonical(settings.identity()):
        raise ArgumentError(
            "shorter",
            "takes more steps of the same run: only fit.steps may be given; for other "
            "settings leave it out",
        )
    if after.steps <= before.steps:
        raise ConfigError(
            "fit.steps",
            f"{after.steps} is not more than the run's {before.steps}; say how many "
            "there shall be in all",
        )
    if (reason := after.depends_on_steps) is not None:
        raise ArgumentError(
            "shorter",
            f"{reason} depends on the number of steps, so the run cannot be made "
            "longer; train it anew",
        )


def same_data(found: Run, data: str) -> None:
    """Raise DataError if a run that is to be taken over was made from other rows."""
    stored = found.provenance.get("data")
    if stored and stored != data:
        told = f"was made from other data (sha256 {stored}) than there is now ({data})"
        raise DataError(
            str(found.path),
            f"{told}; bring the data back, or train anew without {argument('shorter')}",
        )
