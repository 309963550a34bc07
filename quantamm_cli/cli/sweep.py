"""``-m``: every combination of values, run by Hydra's sweeper and launcher, so that hydra/launcher=joblib works too."""

import dataclasses
import functools
import tempfile
from collections.abc import Iterable
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from quantamm_cli.cli.compose import Composer, resolved
from quantamm_cli.cli.console import Console, failed
from quantamm_cli.cli.failures import explain
from quantamm_cli.cli.main import call
from quantamm_cli.cli.options import Options
from quantamm_cli.errors import ConfigError, Interrupted


class Halt(BaseException):
    """An interruption on its way out of Hydra, which holds back every Exception of a job until the last job is done."""


def sweep(composer: Composer, options: Options, console: Console) -> int:
    """Run the jobs; print what they returned; the exit code is that of the first that failed."""
    hydra = Hydra(task_name=composer.name, config_loader=composer.loader)
    GlobalHydra.instance().initialize(hydra)
    try:
        with tempfile.TemporaryDirectory(prefix="qsim-sweep-") as folder:
            results = list(_results(_launch(composer, hydra, folder, options)))
    except Halt as halt:
        raise halt.args[0] from None
    finally:
        GlobalHydra.instance().clear()
        HydraConfig.instance().cfg = None
    console.result({"command": options.command, "runs": results})
    return next((result["error"]["code"] for result in results if "error" in result), 0)


def _launch(composer: Composer, hydra: Hydra, folder: str, options: Options) -> Any:
    """Hydra's multirun, except that the settings of the whole are composed from Hydra's own overrides only.

    A key that exists in one of the swept choices only would otherwise be refused before any job is looked at.
    """
    parsed, _ = composer.loader._parse_overrides_and_create_caching_repo(composer.name, composer.overrides)
    own = [str(word.input_line) for word in parsed if word.is_hydra_override()]
    own += [f"hydra.sweep.dir='{folder}'", "hydra.sweep.subdir=${hydra.job.num}", "hydra.mode=MULTIRUN", "hydra.output_subdir=null"]
    composer.loader.validate_sweep_overrides_legal(parsed, RunMode.MULTIRUN, from_shell=True)
    cfg = composer.loader.load_configuration(composer.name, own, RunMode.MULTIRUN)
    words = [str(word.input_line) for word in parsed if not word.is_hydra_override()]
    with open_dict(cfg):
        cfg.hydra.overrides.task = words
    callbacks = Callbacks(cfg)
    context = HydraContext(config_loader=composer.loader, callbacks=callbacks)
    try:
        sweeper = Plugins.instance().instantiate_sweeper(
            config=cfg, hydra_context=context, task_function=functools.partial(job, options=options)
        )
    except (RuntimeError, ImportError) as failure:
        raise ConfigError("hydra", str(failure).splitlines()[0]) from None
    return sweeper.sweep(arguments=words)


def job(cfg: DictConfig, options: Options) -> dict[str, Any]:
    """One job, here or in a worker: a failure is its result, so that the other jobs go on."""
    console = Console(options.command, json=options.json, quiet=options.quiet, verbose=options.verbose).muted()
    words: Any = OmegaConf.to_container(HydraConfig.get().overrides.task)
    told = tuple(word for word in words if word not in options.implied)
    console.note(f"[{int(HydraConfig.get().job.num) + 1}] {' '.join(told)}")
    try:
        return call(resolved(cfg), dataclasses.replace(options, overrides=told), console)
    except (KeyboardInterrupt, Interrupted) as stop:
        raise Halt(stop) from None
    except Exception as failure:
        code, where, message = explain(failure)
        console.failure(code, where, message)
        return failed(options.command, code, where, message) | {"overrides": list(told)}


def _results(batches: Any) -> Iterable[dict[str, Any]]:
    for batch in batches:
        for returned in batch:
            yield returned.return_value
