"""``study/pruner=median``."""

from typing import TYPE_CHECKING

from quantamm_cli.tuning.pruners.percentile import Comparing

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Median(Comparing, kind="median"):
    """Ends a trial whose best mean so far is below the median of the others after as many parts."""

    def make(self, parts: int) -> "BasePruner":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.pruners.MedianPruner(
            n_startup_trials=self.startup,
            n_warmup_steps=self.warmup + 1,  # Optuna's steps begin at 0
            interval_steps=self.every,
            n_min_trials=self.compared,
        )
