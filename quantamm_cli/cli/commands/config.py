"""``qsim config``: the settings themselves, shown, validated, described, compared, copied out."""

import json
import shutil
from pathlib import Path
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.config.nearest import did_you_mean
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.conf import packaged_conf

COMPOSED = ("train", "simulate", "evaluate", "report", "tune", "compete")
UNUSED = {"simulate": {"metric", "fit", "split", "grid"}}


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Dispatch on the verb."""
    verbs = {"show": show, "validate": validate, "schema": schema, "diff": diff, "init": init}
    return {"command": "config"} | verbs[options.words[0]](options, console)


def show(options: Options, console: Console) -> dict[str, Any]:
    """``config show [COMMAND] [overrides]``: the composed settings."""
    composer = _composer(options)
    console.say(composer.yaml("job").rstrip("\n"))
    return {"config": composer.tree()}


def validate(options: Options, console: Console) -> dict[str, Any]:
    """``config validate [COMMAND] [overrides]``: composed, and every value checked."""
    command, tree = _command(options), _composer(options).tree()
    if command == "compete":
        from quantamm_cli.config.competition import read_competition

        settings: Any = read_competition(tree, options.overrides, options.config_dir)
    else:
        settings = decoded(command, tree)
    console.say(f"valid; fingerprint {settings.fingerprint}")
    return {"valid": True, "fingerprint": settings.fingerprint}


def decoded(command: str, tree: dict[str, Any]) -> Any:
    """A composed tree as the settings of its command."""
    from quantamm_cli.config.components import load_components
    from quantamm_cli.settings.decode import decode
    from quantamm_cli.settings.run import Simulate, Train

    plugins = tree.get("plugins")
    load_components(tuple(str(name) for name in plugins) if isinstance(plugins, list) else ())
    aside = UNUSED.get(command, set()) | ({"study", "space"} if command == "tune" else set())
    return decode(Simulate if command == "simulate" else Train, {key: value for key, value in tree.items() if key not in aside})


def schema(options: Options, console: Console) -> dict[str, Any]:
    """``config schema [COMMAND]``: JSON Schema of the settings, for editors."""
    from quantamm_cli.config.schema import json_schema

    described = json_schema(_command(options))
    console.say(json.dumps(described, indent=2))
    return {"schema": described}


def diff(options: Options, console: Console) -> dict[str, Any]:
    """``config diff A B``: keys in which two experiments, files or checkpoints differ; ``default`` is the defaults."""
    if len(options.words) != 3:
        raise ConfigError("", "takes two: qsim config diff A B (names of experiments, files, checkpoints, or 'default')")
    one, two = (flat(_named(name, options)) for name in options.words[1:])
    rows = [[key, one.get(key), two.get(key)] for key in sorted(one.keys() | two.keys()) if one.get(key) != two.get(key)]
    if rows:
        console.table("", ["setting", *options.words[1:]], [[key, _said(a), _said(b)] for key, a, b in rows])
    else:
        console.say("no difference")
    return {"differences": {key: [a, b] for key, a, b in rows}}


def init(options: Options, console: Console) -> dict[str, Any]:
    """``config init [FOLDER]``: the packaged YAML, copied to ./conf; files that are there stay as they are."""
    source, target = packaged_conf(), Path(options.words[1] if len(options.words) > 1 else "conf")
    if target.exists() and target.samefile(source):
        console.say(f"{target} is the packaged conf; nothing to copy")
        return {"folder": str(target), "copied": [], "kept": []}
    copied: list[str] = []
    kept: list[str] = []
    for path in sorted(source.rglob("*.yaml")):
        place = target / path.relative_to(source)
        (kept if place.exists() or place.is_symlink() else copied).append(str(place))
    for name in copied:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / Path(name).relative_to(target), name)
    console.say(f"{len(copied)} files copied to {target}" + (f", {len(kept)} were there and are kept" if kept else ""))
    return {"folder": str(target), "copied": copied, "kept": kept}


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys of the values of a tree."""
    values: dict[str, Any] = {}
    for key, value in tree.items():
        values |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return values


def _named(name: str, options: Options) -> dict[str, Any]:
    """The settings under a name: an experiment, a file of deltas, a checkpoint, or the defaults."""
    from quantamm_cli.config.compose import Composer

    if name.endswith(".json"):
        try:
            stored: Any = json.loads(Path(name).read_text(encoding="utf-8"))
            return dict(stored["settings"])
        except OSError as failure:
            raise ConfigError(name, failure.strerror or str(failure)) from None
        except (ValueError, KeyError, TypeError):
            raise ConfigError(name, "not a checkpoint (JSON with settings)") from None
    words = () if name == "default" else (f"conf={name}",)
    return Composer("train", (*words, *options.overrides), options.config_dir).tree()


def _command(options: Options) -> str:
    words = options.words[1:]
    if len(words) > 1 or (words and words[0] not in COMPOSED):
        raise ConfigError(
            words[-1], f"not one of {', '.join(COMPOSED)}{did_you_mean(words[-1], COMPOSED)} (for an experiment or a file write conf=...)"
        )
    return words[0] if words else "train"


def _composer(options: Options) -> Any:
    from quantamm_cli.config.compose import Composer

    return Composer(_command(options), options.overrides, options.config_dir)


def _said(value: Any) -> str:
    return json.dumps(value)
