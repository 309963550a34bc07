r"""Single swaps with a weighted pool, in closed form.

$$\frac{B_o - a_o}{B_o} = \left(\frac{B_i}{B_i + (1-\varphi)\,a_i}\right)^{w_i/w_o}$$

[Martinelli & Mushegian, Balancer whitepaper, 2019]
"""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

Amount = Float[Array, "*many"] | float


def out_given_in(
    balance_in: Amount,
    weight_in: Amount,
    balance_out: Amount,
    weight_out: Amount,
    amount_in: Amount,
    fee: Amount = 0.0,
) -> Amount:
    """The amount out for ``amount_in``. Precise also for small trades."""
    paid = jnp.log1p((1 - fee) * amount_in / balance_in)
    return -balance_out * jnp.expm1(-paid * weight_in / weight_out)


def in_given_out(
    balance_in: Amount,
    weight_in: Amount,
    balance_out: Amount,
    weight_out: Amount,
    amount_out: Amount,
    fee: Amount = 0.0,
) -> Amount:
    """The amount in for ``amount_out``, which must be less than ``balance_out``."""
    taken = jnp.log1p(-jnp.asarray(amount_out) / balance_out)
    return balance_in * jnp.expm1(-taken * weight_out / weight_in) / (1 - fee)


def weighted_price(balances: Float[Array, "2"], weights: Float[Array, "2"]) -> Float[Array, ""]:
    """The price of the first token in the second."""
    return balances[1] / balances[0] * weights[0] / weights[1]
