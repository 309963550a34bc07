"""What Hydra and OmegaConf do not promise and ``config`` uses:
a release that changes it is found here, by name.
"""

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

INSIDES = {
    "hydra._internal.callbacks:Callbacks": {"__init__": ("config",)},
    "hydra._internal.config_loader_impl:ConfigLoaderImpl": {
        "__init__": ("config_search_path",),
        "load_configuration": (
            "config_name",
            "overrides",
            "run_mode",
            "from_shell",
            "validate_sweep_overrides",
        ),
        "load_sweep_config": ("master_config", "sweep_overrides"),
        "validate_sweep_overrides_legal": ("overrides", "run_mode", "from_shell"),
        "_parse_overrides_and_create_caching_repo": ("config_name", "overrides"),
        "_process_config_searchpath": ("config_name", "parsed_overrides", "repo"),
        "_compose_config_from_defaults_list": ("defaults", "repo"),
        "_load_single_config": ("default", "repo"),
    },
    "hydra._internal.config_repository:CachingConfigRepository": {"__init__": ("delegate",)},
    "hydra._internal.config_repository:ConfigRepository": {"__init__": ("config_search_path",)},
    "hydra._internal.config_repository:IConfigRepository": {
        "load_config": ("config_path",),
        "group_exists": ("config_path",),
        "config_exists": ("config_path",),
        "get_group_options": ("group_name", "results_filter"),
        "get_sources": (),
        "get_schema_source": (),
        "initialize_sources": ("config_search_path",),
    },
    "hydra._internal.config_search_path_impl:ConfigSearchPathImpl": {
        "append": ("provider", "path", "anchor")
    },
    "hydra._internal.core_plugins.bash_completion:BashCompletion": {
        "_query": ("config_name", "line"),
        "install": (),
        "uninstall": (),
    },
    "hydra._internal.core_plugins.file_config_source:FileConfigSource": {
        "load_config": ("config_path",),
        "is_config": ("config_path",),
        "is_group": ("config_path",),
        "_get_header_dict": ("config_text",),
        "_normalize_file_name": ("filename",),
    },
    "hydra._internal.core_plugins.fish_completion:FishCompletion": {"install": (), "uninstall": ()},
    "hydra._internal.defaults_list:create_defaults_list": {
        "": ("repo", "config_name", "overrides_list", "prepend_hydra", "skip_missing"),
    },
    "hydra._internal.hydra:Hydra": {
        "__init__": ("task_name", "config_loader"),
        "show_info": ("info", "config_name", "overrides", "run_mode"),
    },
    "hydra._internal.sources_registry:SourcesRegistry": {"instance": ("args", "kwargs")},
    "omegaconf._utils:get_yaml_loader": {"": ()},
}
"""By module and name: methods and their parameters, without ``self``.
A function has its own under the empty name.
"""


def _used(root: Path) -> Iterator[tuple[str, str]]:
    """Private imports of ``config``, with the file that has them."""
    for path in sorted((root / "quantamm_cli" / "config").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if module.startswith(("hydra", "omegaconf")) and "._" in module:
                yield from ((f"{module}:{alias.name}", path.name) for alias in node.names)


def test_every_inside_that_is_used_has_a_canary(root: Path) -> None:
    """And no canary sits where nothing is used any more."""
    used = dict(_used(root))
    assert set(used) == set(INSIDES), (
        f"only one of the two has {set(used) ^ set(INSIDES)}; add it to INSIDES, or take it out"
    )


@pytest.mark.parametrize("name", INSIDES)
def test_it_is_as_it_was(name: str, root: Path) -> None:
    """The method is there and takes the parameters that ``config`` gives it."""
    module, _, attribute = name.partition(":")
    where = f"quantamm_cli/config/{dict(_used(root))[name]} uses it"
    there = getattr(importlib.import_module(module), attribute, None)
    assert there is not None, f"{name} is gone; {where}"
    for method, expected in INSIDES[name].items():
        function = getattr(there, method, None) if method else there
        assert function is not None, f"{name}.{method} is gone; {where}"
        found = tuple(
            parameter
            for parameter in inspect.signature(function).parameters
            if parameter not in ("self", "cls")
        )
        assert found == expected, f"{name}.{method} takes {found}, it took {expected}; {where}"
