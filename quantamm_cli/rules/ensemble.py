"""The average of several sets of one rule's parameters."""

from dataclasses import replace

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.params import Parameter
from quantamm_cli.core.rebalancing import Broker
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.errors import ConfigError
from quantamm_cli.rules.base import Clock, WeightRule
from quantamm_cli.settings.types import Count, NonNegative


class Ensemble(WeightRule, kind="ensemble"):
    """A rule's answer, averaged over members that have their own parameters. The guard limits the
    average.
    """

    rule: WeightRule
    members: Count = Field(4, description="number of members")
    apart: NonNegative = Field(
        0.1, description="standard deviation of the members' initial raw parameters"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        self.rule.check(tokens, f"{where}.rule")
        if any(spec.layers for spec in self.rule.parameters(Clock(1440, 365))):
            raise ConfigError(
                f"{where}.rule",
                f"is {self.rule.kind}, whose parameters have layers; an ensemble needs a rule "
                "without layers",
            )

    @property
    def targets(self) -> bool:
        return self.rule.targets

    @property
    def looks_at(self) -> tuple[str, ...]:
        return self.rule.looks_at

    @property
    def rests(self) -> bool:
        return self.rule.rests

    @property
    def broker(self) -> Broker | None:
        return self.rule.broker

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        names = tuple(f"member {number + 1}" for number in range(self.members))
        return tuple(
            replace(spec, layers=names, apart=self.apart) for spec in self.rule.parameters(clock)
        )

    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        signals = [
            self.rule.signal(_named(recur, number), observed, member, clock)
            for number, member in enumerate(self._members(params, clock))
        ]
        return jnp.stack(signals).mean(0)

    def wish(
        self, weights: Float[Array, " n"], signal: Float[Array, " n"], params: Params, clock: Clock
    ) -> Float[Array, " n"]:
        wishes = [
            self.rule.wish(weights, signal, member, clock)
            for member in self._members(params, clock)
        ]
        return jnp.stack(wishes).mean(0)

    def _members(self, params: Params, clock: Clock) -> list[Params]:
        names = [spec.name for spec in self.rule.parameters(clock)]
        return [{name: params[name][number] for name in names} for number in range(self.members)]


def _named(recur: Recur, number: int) -> Recur:
    """The recurrences of one member, with names that begin by its number."""

    def named(name: str, decay: Array, drive: Array, start: Array) -> tuple[Array, Array]:
        return recur(f"member_{number + 1}/{name}", decay, drive, start)

    return named
