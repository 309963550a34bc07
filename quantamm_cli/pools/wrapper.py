"""Pools that modify another pool."""

from abc import ABC
from collections.abc import Mapping

import numpy as np
from jax import Array
from jaxtyping import Int
from numpy.typing import NDArray

from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Feed, Layout
from quantamm_cli.pools.base import AbstractPool


class Wrapper(AbstractPool, ABC):
    """A pool around ``base``; what a subclass does not override is that of ``base``."""

    base: AbstractPool

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        self.base.check(tokens, f"{where}.base")

    @property
    def chunk(self) -> int | None:
        return self.base.chunk

    @property
    def looks_at(self) -> tuple[str, ...]:
        return self.base.looks_at

    @property
    def moves_to_series(self) -> bool:
        return self.base.moves_to_series

    def quoted_in(self, tokens: tuple[str, ...]) -> int:
        return self.base.quoted_in(tokens)

    def layout(self, tokens: tuple[str, ...]) -> Layout:
        return self.base.layout(tokens)

    def check_parameters(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        self.base.check_parameters(values)

    @property
    def goes_on(self) -> bool:
        return self.base.goes_on

    def anchor(self, feed: Feed, rows: int) -> Int[Array, ""] | int:
        return self.base.anchor(feed, rows)

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        return self.base.parameters(assets)
