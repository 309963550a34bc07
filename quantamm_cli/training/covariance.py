"""Covariance matrix adaptation: the mathematics of a generation, one distribution at a time.

[Hansen, arXiv:1604.00772]

Written here because existing packages store the distribution in objects, which cannot be saved as
arrays and resumed bit for bit, nor updated for many distributions in one program. Symbols are those
of the tutorial.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray


@dataclass(frozen=True)
class Constants:
    r"""Table 1 of the tutorial for $n$ dimensions and $\lambda$ candidates; ``chi`` is
    $E\|N(0, I)\|$.
    """

    dimensions: int
    weights: NDArray[np.float64]
    mu_eff: float
    c_sigma: float
    d_sigma: float
    c_c: float
    c_1: float
    c_mu: float
    chi: float

    @classmethod
    def of(cls, n: int, population: int) -> "Constants":
        """The defaults."""
        raw = math.log((population + 1) / 2) - np.log(np.arange(1, population + 1))
        good, bad = np.maximum(raw, 0), np.minimum(raw, 0)
        mu_eff, mu_bad = (float(part.sum() ** 2 / (part**2).sum()) for part in (good, bad))
        c_1 = 2 / ((n + 1.3) ** 2 + mu_eff)
        c_mu = min(1 - c_1, 2 * (1 / 4 + mu_eff + 1 / mu_eff - 2) / ((n + 2) ** 2 + mu_eff))
        most = min(1 + c_1 / c_mu, 1 + 2 * mu_bad / (mu_eff + 2), (1 - c_1 - c_mu) / (n * c_mu))
        c_sigma = (mu_eff + 2) / (n + mu_eff + 5)
        return cls(
            dimensions=n,
            weights=good / good.sum() - most * bad / bad.sum(),
            mu_eff=mu_eff,
            c_sigma=c_sigma,
            d_sigma=1 + 2 * max(0, math.sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma,
            c_c=(4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n),
            c_1=c_1,
            c_mu=c_mu,
            chi=math.sqrt(2) * math.exp(math.lgamma((n + 1) / 2) - math.lgamma(n / 2)),
        )


def default_population(n: int) -> int:
    r"""$4 + \lfloor 3 \ln n \rfloor$."""
    return 4 + int(3 * math.log(n))


class Distribution(NamedTuple):
    """A normal distribution without its mean, its two evolution paths, and the number of
    generations.
    """

    sigma: Float[Array, ""]
    covariance: Float[Array, "n n"]
    p_sigma: Float[Array, " n"]
    p_c: Float[Array, " n"]
    generation: Int[Array, ""]


def distribution(n: int, sigma: float | Float[Array, ""]) -> Distribution:
    """The distribution before the first generation: isotropic."""
    zeros = jnp.zeros(n)
    return Distribution(
        jnp.asarray(sigma, float), jnp.eye(n), zeros, zeros, jnp.zeros((), jnp.int32)
    )


class Axes(NamedTuple):
    """The symmetric square root of a covariance, and its least and greatest eigenvalue."""

    root: Float[Array, "n n"]
    least: Float[Array, ""]
    greatest: Float[Array, ""]


def axes(covariance: Float[Array, "n n"]) -> Axes:
    """The axes of a covariance; eigenvalues that rounding made negative count as zero."""
    values, vectors = jnp.linalg.eigh(covariance)
    values = jnp.maximum(values, 0)
    return Axes((vectors * jnp.sqrt(values)) @ vectors.T, values[0], values[-1])


def updated(
    of: Constants,
    mean: Float[Array, " n"],
    now: Distribution,
    root: Float[Array, "n n"],
    drawn: Float[Array, "m n"],
    scores: Float[Array, " m"],
) -> tuple[Float[Array, " n"], Distribution]:
    r"""Mean and distribution after candidates $m + \sigma C^{1/2} z$ of ``drawn`` $z$ had these
    scores; higher is better.

    Scores that are not finite rank last; of equal scores the earlier ranks higher.
    """
    order = jnp.argsort(-jnp.where(jnp.isfinite(scores), scores, -jnp.inf), stable=True)
    z, w = drawn[order], jnp.asarray(of.weights)
    y, better = z @ root, jnp.maximum(w, 0)
    push_sigma = math.sqrt(of.c_sigma * (2 - of.c_sigma) * of.mu_eff)
    p_sigma = (1 - of.c_sigma) * now.p_sigma + push_sigma * (better @ z)
    length = jnp.linalg.norm(p_sigma)
    due = jnp.sqrt(1 - (1 - of.c_sigma) ** (2.0 * (now.generation + 1)))
    steady = jnp.where(length / due < (1.4 + 2 / (of.dimensions + 1)) * of.chi, 1.0, 0.0)
    push_c = steady * math.sqrt(of.c_c * (2 - of.c_c) * of.mu_eff)
    p_c = (1 - of.c_c) * now.p_c + push_c * (better @ y)
    lengths = (z**2).sum(-1)  # ‖C^(-1/2) y‖²
    w = jnp.where(w < 0, w * of.dimensions / jnp.where(lengths > 0, lengths, 1.0), w)
    decay = 1 + of.c_1 * (1 - steady) * of.c_c * (2 - of.c_c) - of.c_1 - of.c_mu * of.weights.sum()
    covariance = decay * now.covariance + of.c_1 * jnp.outer(p_c, p_c) + of.c_mu * (y.T * w) @ y
    change = jnp.minimum(1.0, of.c_sigma / of.d_sigma * (length / of.chi - 1))
    moved, covariance = mean + now.sigma * (better @ y), (covariance + covariance.T) / 2
    sigma = now.sigma * jnp.exp(change)
    return moved, Distribution(sigma, covariance, p_sigma, p_c, now.generation + 1)
