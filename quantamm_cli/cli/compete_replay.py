"""``qsim compete --replay SEED[:FIRST:LAST]``: one seed step by step, as JSON and as one page."""

from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.cli.competition import Competition, read
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.config.entrants import blamed
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.compete import Compete
from quantamm_cli.store.encode import finite, render
from quantamm_cli.store.files import write_files
from quantamm_cli.workflows.results import Watch
from quantamm_cli.workflows.runtime import start_jax


def replay(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Play the seed, write both files; returns the JSON object."""
    watch = Watch()
    settings = read(tree, options)
    if settings.compat is not None:
        raise ConfigError("--replay", "does not go with compat=challenge; market=challenge replays its streams with exact routing")
    seed, first, last = asked(options.replay or "", settings)
    place = Competition(settings, console).place
    name = f"replay_{seed}_{first}_{last}"
    files = {"json": str(place.folder / f"{name}.json"), "page": str(place.folder / f"{name}.html")}
    if options.dry_run:
        console.say(files["page"])
        return {"run": place.name, "seed": seed, "steps": [first, last], "files": files}
    start_jax()
    from quantamm_cli.competition import replay as made
    from quantamm_cli.reporting.replay import replay_page

    watch.lap("start")
    with blamed(str(Path(entry.file).resolve()) for entry in settings.strategies if entry.file):
        found = made.replay(settings, seed, first, last)
    watch.lap("play")
    told = finite(_told(found))
    page = replay_page(told).encode("utf-8")
    write_files(place.folder, {f"{name}.json": (render(told) + "\n").encode("utf-8"), f"{name}.html": page})
    watch.lap("write")
    rows = [[pool, len(each), sum(fill.edge for fill in each)] for pool, each in _by_pool(found).items()]
    title = f"seed {seed}, steps {first} to {last}: fair price {found.price[0]:.4f} to {found.price[-1]:.4f}"
    console.table(title, ["pool", "fills", ("edge", ".4f")], rows)
    console.say(files["page"])
    fills = {pool: {"fills": len(each), "edge": sum(fill.edge for fill in each)} for pool, each in _by_pool(found).items()}
    return {"run": place.name, "seed": seed, "steps": [first, last], "pools": fills, "seconds": watch.seconds, "files": files}


def asked(text: str, settings: Compete) -> tuple[int, int, int]:
    """Seed, first and last step, counted from 0. Raises ConfigError."""
    parts = text.split(":")
    if len(parts) not in (1, 3) or not all(part.isdecimal() for part in parts):
        raise ConfigError("--replay", f"'{text}' is not SEED or SEED:FIRST:LAST, such as 7:100:200 (steps from 0, both included)")
    seed, first, last = (*map(int, parts), 0, settings.steps - 1) if len(parts) == 1 else map(int, parts)
    if not first <= last < settings.steps:
        raise ConfigError("--replay", f"steps {first} to {last} are not within 0 to {settings.steps - 1}")
    return seed, first, last


def _by_pool(found: Any) -> dict[str, list[Any]]:
    return {name: [fill for fill in found.fills if fill.pool == name] for name in found.names}


def _told(found: Any) -> dict[str, Any]:
    pools: dict[str, Any] = {}
    for place, name in enumerate(found.names):
        columns = {"bid": found.bid, "ask": found.ask, "edge": found.edge}
        pool: dict[str, Any] = {key: values[:, place] for key, values in columns.items()}
        pool |= {"reserve_x": found.reserves[:, place, 0], "reserve_y": found.reserves[:, place, 1]}
        if place < len(found.states):
            pool |= {"capital_share": found.weight[:, place]}
            pool |= {"state": {key: np.asarray(value) for key, value in found.states[place].items()}} if found.states[place] else {}
        pools[name] = pool
    steps = [found.steps[0], found.steps[-1]]
    fills = [fill._asdict() for fill in found.fills]
    return {"seed": found.seed, "steps": steps, "price": found.price, "pools": pools, "fills": fills}
