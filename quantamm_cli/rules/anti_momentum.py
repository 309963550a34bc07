"""Anti-momentum."""

from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, GradientRule
from quantamm_cli.rules.momentum import Momentum


class AntiMomentum(GradientRule, kind="anti_momentum"):
    """Weights move against the proportional price gradient: minus the changes of ``momentum``."""

    def _momentum(self) -> Momentum:
        return Momentum(use_raw_price=self.use_raw_price, use_alt_lamb=self.use_alt_lamb)

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        return self._momentum().parameters(clock)

    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        return -self._momentum().signal(recur, observed, params, clock)
