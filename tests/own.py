"""The README's components of a user's own, as a folder or a package has them."""

import re
from pathlib import Path

IMPORTS = """
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from quantamm_cli.core.bijectors import Log2, Memory, decay
from quantamm_cli.core.contracts import LAMB, OnChain
from quantamm_cli.core.minute import window
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Path
from quantamm_cli.market.base import FeeSeries
from quantamm_cli.market.fees import Fees
from quantamm_cli.market.trades import Trades, arranged
from quantamm_cli.metrics.base import metric
from quantamm_cli.pools.base import AbstractPool, shares
from quantamm_cli.reporting.plot import plot
from quantamm_cli.rules.base import WeightRule, centred

"""


def write(root: Path, folder: Path) -> Path:
    """Write ``strategy.py``, ``mine.py`` and its YAML into ``folder``, of the README in ``root``."""
    text = (root / "README.md").read_text()
    strategy, *others = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (folder / "strategy.py").write_text(strategy)
    (folder / "mine.py").write_text(IMPORTS + "\n\n".join(others))
    (rule,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    flat = (root / "conf/fees/flat.yaml").read_text()
    yaml = {
        "pool/rule/reversion": rule,
        "pool/basket": "kind: basket\n",
        "metric/final_value": "kind: final_value\nturnover_penalty: 0.0\n",
        "fees/volatility": flat.replace("kind: flat", "kind: volatility\ngain: 0.1"),
        "trades/poisson": "kind: poisson\nper_day: 100.0\nworth: 1000.0\nseed: 0\nfile: null\n",
    }
    for name, content in yaml.items():
        path = folder / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder
