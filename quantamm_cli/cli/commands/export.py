"""``qsim export``: a run's parameters as the contracts take them."""

from typing import Any

import numpy as np

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.config.components import load_components
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Train
from quantamm_cli.store.bd18 import bd18, bd18_shares, write_export
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.runtime import start_jax


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Load parameters by a selection rule and write them in both forms; returns the JSON object."""
    start_jax()
    from quantamm_cli.config.stored_settings import laid_over
    from quantamm_cli.core.params import readable
    from quantamm_cli.evaluation.contract import WEIGHTS, contract
    from quantamm_cli.pools.base import AbstractPool
    from quantamm_cli.workflows.assessment import both_forms
    from quantamm_cli.workflows.selection import chooser

    found = Store(tree["runs_dir"]).load(options.words[0])
    load_components(tuple(tree["plugins"]))
    whole = laid_over(found, tree, ())
    settings = decode(Train, {name: value for name, value in whole.items() if name in Train.model_fields})
    if not found.entries:
        raise StoreError(str(found.path), "holds no step yet; let qsim train take one")
    selected = chooser(settings, options.selection)(found)
    pool = AbstractPool.typed(settings.pool)
    specs = pool.parameters(len(settings.tokens))
    values = contract(pool, readable(specs, selected.params))
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise StoreError(
                str(found.path), f"{name} is not finite at step {selected.step}, set {selected.set}; choose another with --load"
            )
    strings = {name: bd18_shares(value.tolist()) if name == WEIGHTS else _strings(value.tolist()) for name, value in values.items()}
    told = {
        "command": "export",
        "run": found.name,
        "fingerprint": found.fingerprint,
        "selection": selected.to_dict(),
        "tokens": list(settings.tokens),
        "params": both_forms(specs, selected.params),
        "values": {name: value.tolist() for name, value in values.items()},
        "strings": strings,
    }
    _show(console, f"{found.name[:16]}  {selected.method}: step {selected.step}, set {selected.set}", settings.tokens, strings)
    return told | {"files": {"export": str(write_export(found.folder, told))}}


def _strings(value: Any) -> Any:
    return [_strings(item) for item in value] if isinstance(value, list) else bd18(value)


def _show(console: Console, title: str, tokens: tuple[str, ...], strings: dict[str, Any]) -> None:
    """A line a parameter or layer; a number that is not one a token stands in the first column."""
    rows = []
    for name, told in strings.items():
        for number, line in enumerate(told if isinstance(told[0], list) else [told]):
            label = f"{name} {number}" if isinstance(told[0], list) else name
            rows.append([label, *line, *[""] * (len(tokens) - len(line))])
    console.table(f"{title}, in units of 10^-18", ["", *tokens], rows)
