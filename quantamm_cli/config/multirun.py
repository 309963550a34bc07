"""Runs every combination of several values with Hydra's sweeper and launcher, so that
hydra/launcher=joblib works too.
"""

import functools
import tempfile
from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from quantamm_cli.config.compose import Composer, resolved
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import JsonObject

T = TypeVar("T")
Job = Callable[[Callable[[], JsonObject], tuple[str, ...], int], T]
"""Runs one job. Arguments: a function that returns its resolved settings or raises ConfigError,
its overrides, and its number, from 0.
"""


class Halt(BaseException):
    """Carries an interruption out of Hydra, which delays every Exception of a job until the last
    job is done.
    """


def multirun(composer: Composer, job: Job[T]) -> list[T]:
    """The results of the jobs, in order.

    A launcher may run them in other processes, so ``job`` must be picklable.

    Raises:
        BaseException: the one in the ``Halt`` that a job raised.
    """
    hydra = Hydra(task_name=composer.name, config_loader=composer.loader)
    GlobalHydra.instance().initialize(hydra)
    try:
        with tempfile.TemporaryDirectory(prefix="qsim-sweep-") as folder:
            batches = _launch(composer, hydra, folder, job)
            return [returned.return_value for returned in chain.from_iterable(batches)]
    except Halt as halt:
        raise halt.args[0] from None
    finally:
        GlobalHydra.instance().clear()
        HydraConfig.instance().cfg = None


def _launch(composer: Composer, hydra: Hydra, folder: str, job: Job[T]) -> Any:
    """Hydra's multirun, except that the settings of the sweep are composed of the overrides of
    Hydra's own settings only.

    Otherwise a key that exists in one of the swept choices only would be refused.
    """
    parsed, _ = composer.loader._parse_overrides_and_create_caching_repo(
        composer.name, composer.overrides
    )
    own: list[str] = []
    words: list[str] = []
    for override in parsed:
        if override.is_hydra_override():
            own.append(str(override.input_line))
        else:
            words.append(str(override.input_line))
    own += [
        f"hydra.sweep.dir='{folder}'",
        "hydra.sweep.subdir=${hydra.job.num}",
        "hydra.mode=MULTIRUN",
        "hydra.output_subdir=null",
    ]
    composer.loader.validate_sweep_overrides_legal(parsed, RunMode.MULTIRUN, from_shell=True)
    cfg = composer.loader.load_configuration(composer.name, own, RunMode.MULTIRUN)
    with open_dict(cfg):
        cfg.hydra.overrides.task = words
    context = HydraContext(config_loader=composer.loader, callbacks=Callbacks(cfg))
    task = functools.partial(_task, job=job)
    try:
        sweeper = Plugins.instance().instantiate_sweeper(
            config=cfg, hydra_context=context, task_function=task
        )
    except (RuntimeError, ImportError) as failure:
        raise ConfigError("hydra", str(failure).splitlines()[0]) from None
    return sweeper.sweep(arguments=words)


def _task(cfg: DictConfig, job: Job[T]) -> T:
    """Runs a job; Hydra calls it, here or in a worker."""
    own = HydraConfig.get()
    words: Any = OmegaConf.to_container(own.overrides.task)
    return job(functools.partial(resolved, cfg), tuple(words), int(own.job.num))
