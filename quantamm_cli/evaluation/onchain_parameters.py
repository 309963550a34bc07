"""A pool's parameters as its contract takes them; each parameter declares its on-chain form."""

from collections.abc import Mapping, Sequence

from quantamm_cli.core.bijectors import Numbers
from quantamm_cli.core.contracts import Keeper
from quantamm_cli.core.params import Parameter
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.pools.composite import Composite
from quantamm_cli.pools.wrapper import Wrapper


def contract(
    pool: AbstractPool, specs: Sequence[Parameter], readable: Mapping[str, Numbers]
) -> dict[str, Numbers]:
    """The contract's numbers of one set of readable parameters, by the contract's names.

    Raises:
        ConfigError: a parameter declares no on-chain form, or the pool is composite, for which
            there is no contract.
    """
    inner = pool
    while isinstance(inner, Wrapper):
        inner = inner.base
    if isinstance(inner, Composite):
        raise ConfigError(
            "export", "there is no contract for a composite pool; export runs of its parts"
        )
    keeper = _keeper(pool)
    return dict(_number(spec, keeper, readable) for spec in specs)


def _number(
    spec: Parameter, keeper: Keeper, readable: Mapping[str, Numbers]
) -> tuple[str, Numbers]:
    if spec.onchain is None:
        raise ConfigError(
            "export",
            f"{spec.readable} declares no on-chain form; give its Parameter "
            f"onchain=OnChain('{spec.readable}'), or the form that contracts take "
            "(quantamm_cli.core.contracts)",
        )
    needed = [readable[name] for name in spec.onchain.needs]
    return spec.onchain.name, spec.onchain.form(readable[spec.readable], keeper, *needed)


def _keeper(pool: AbstractPool) -> Keeper:
    """The keeper of a pool, or of its base; a pool without a rule has the default one."""
    chunk, longest = getattr(pool, "chunk_period", None), getattr(pool, "max_memory_days", None)
    if chunk is not None and longest is not None:
        return Keeper(chunk, longest)
    if isinstance(pool, Wrapper):
        return _keeper(AbstractPool.typed(pool.base))
    return Keeper(1440, 365)
