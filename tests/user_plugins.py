"""``pytest --plugins=FILE``: the components that a file declares, under the laws of their kinds.

``make laws PLUGINS=FILE``. Their settings are those of ``conf/GROUP/NAME.yaml`` beside the file, or
the defaults of the class where there is none. Only the cases of these components run.
"""

import inspect
import re
from pathlib import Path

import pytest

OPTION = "user_plugins"
DECLARED: dict[str, dict[str, Path]] = {}
"""By group and kind, the folder in which the YAML of the component may be."""


def load(files: list[str]) -> None:
    """Import files of components and note what each declares.

    Raises UsageError: one that fails or declares nothing.
    """
    from quantamm_cli.config.components import load_strategies, load_studies
    from quantamm_cli.errors import ConfigError
    from quantamm_cli.settings.component import REGISTER

    load_strategies()
    load_studies()
    for name in files:
        before = {group: dict(kinds) for group, kinds in REGISTER.items()}
        try:
            load_strategies((name,))
        except ConfigError as failure:
            raise pytest.UsageError(f"--plugins: {failure.message}") from None
        _name_strategies(Path(name).expanduser().resolve())
        own = {
            (group, kind)
            for group, kinds in REGISTER.items()
            for kind, cls in kinds.items()
            if before.get(group, {}).get(kind) is not cls
        }
        if not own:
            raise pytest.UsageError(f"--plugins: {name} declares no component")
        for group, kind in own:
            DECLARED.setdefault(group, {})[kind] = Path(name).expanduser().resolve().parent / "conf"


def _name_strategies(path: Path) -> None:
    """A strategy is chosen as FILE.py:Class and needs no kind.

    It is known by the name of its class.
    """
    from quantamm_cli.competition.strategy import Strategy
    from quantamm_cli.config.user_files import module_of
    from quantamm_cli.settings.component import REGISTER

    for name, cls in vars(module_of(path, path.read_bytes(), "plugin")).items():
        own = inspect.isclass(cls) and issubclass(cls, Strategy) and cls is not Strategy
        if own and "kind" not in vars(cls):
            cls.kind = name
            REGISTER["strategy"][name] = cls


def pytest_configure(config: pytest.Config) -> None:
    """Before test modules ask which components there are."""
    if config.getoption(OPTION):
        load(config.getoption(OPTION))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of all tests the cases of the declared components stay."""
    if not DECLARED:
        return
    kinds = "|".join(re.escape(kind) for group in DECLARED.values() for kind in group)
    named = re.compile(rf"(?:^|[-=])(?:{kinds})(?:$|[-=])")
    ids = [getattr(getattr(item, "callspec", None), "id", "") for item in items]
    stay = [item for item, name in zip(items, ids, strict=True) if named.search(name)]
    config.hook.pytest_deselected(items=[item for item in items if item not in stay])
    items[:] = stay
