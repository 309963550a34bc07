"""The settings themselves: shown, validated, described, compared, copied out."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.config.compose import Composer
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.conf import packaged_conf
from quantamm_cli.settings.json_tree import Json, JsonObject, dotted
from quantamm_cli.workflows.results import Result

_UNUSED = {"simulate": ("metric", "fit", "split", "grid"), "tune": ("study", "space")}
"""Settings of a command that are not those of a run."""


@dataclass(frozen=True)
class ComposedSettings(Result):
    """Settings as YAML has them, and as a plain tree."""

    yaml: str
    tree: JsonObject

    def to_dict(self) -> dict[str, Json]:
        return {"config": self.tree}

    def tables(self) -> Sequence[Table | str]:
        return [self.yaml]


def compose_settings(
    command: str, overrides: Sequence[str], config_dir: str | None
) -> ComposedSettings:
    """What overrides make of the settings of a command. Raises ConfigError."""
    composer = Composer(command, tuple(overrides), config_dir)
    return ComposedSettings(composer.yaml("job").rstrip("\n"), composer.tree())


@dataclass(frozen=True)
class ValidSettings(Result):
    """Settings that are valid, and what they name."""

    fingerprint: str

    def to_dict(self) -> dict[str, Json]:
        return {"valid": True, "fingerprint": self.fingerprint}

    def tables(self) -> Sequence[Table | str]:
        return [f"valid; fingerprint {self.fingerprint}"]


def validate_settings(
    command: str, overrides: Sequence[str], config_dir: str | None
) -> ValidSettings:
    """Compose the settings of a command and check every value.

    Raises:
        ConfigError: one line for the first thing wrong.
    """
    from quantamm_cli.config.components import load_components
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.settings.decode import decode
    from quantamm_cli.settings.run import Simulate, Train

    words = tuple(overrides)
    composed = Composed(Composer(command, words, config_dir).tree(), words, config_dir)
    if command == "compete":
        return ValidSettings(composed.read_competition().fingerprint)
    load_components(composed.plugins)
    unused = _UNUSED.get(command, ())
    tree = {name: value for name, value in composed.tree.items() if name not in unused}
    return ValidSettings(decode(Simulate if command == "simulate" else Train, tree).fingerprint)


@dataclass(frozen=True)
class Schema(Result):
    """JSON Schema of the settings of a command, for editors."""

    tree: JsonObject

    def to_dict(self) -> dict[str, Json]:
        return {"schema": self.tree}

    def tables(self) -> Sequence[Table | str]:
        return [json.dumps(self.tree, indent=2)]


def schema_of(command: str) -> Schema:
    """Of what the settings of a command may be."""
    from quantamm_cli.config.schema import json_schema

    return Schema(json_schema(command))


@dataclass(frozen=True)
class SettingsDifference(Result):
    """Keys in which two settings differ."""

    names: tuple[str, str]
    values: dict[str, tuple[Json, Json]]
    """By dotted key; what one of them has not is ``None``."""

    def to_dict(self) -> dict[str, Json]:
        return {"differences": {key: list(pair) for key, pair in self.values.items()}}

    def tables(self) -> Sequence[Table | str]:
        rows = [[key, *map(json.dumps, pair)] for key, pair in self.values.items()]
        return [Table.of("", ["setting", *self.names], rows)] if rows else ["no difference"]


def compare_settings(
    one: str, two: str, overrides: Sequence[str], config_dir: str | None
) -> SettingsDifference:
    """Compare two experiments, files of settings or checkpoints (``.json``) by name.

    ``default`` names the defaults.

    Raises:
        ConfigError: a name is of none of these.
    """
    first, second = (dict(dotted(_named(name, overrides, config_dir))) for name in (one, two))
    pairs = {key: (first.get(key), second.get(key)) for key in sorted(first.keys() | second.keys())}
    differing = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
    return SettingsDifference((one, two), differing)


def _named(name: str, overrides: Sequence[str], config_dir: str | None) -> JsonObject:
    if name.endswith(".json"):
        return _of_checkpoint(name)
    words = () if name == "default" else (f"conf={name}",)
    return Composer("train", (*words, *overrides), config_dir).tree()


def _of_checkpoint(name: str) -> JsonObject:
    try:
        return dict(json.loads(Path(name).read_text(encoding="utf-8"))["settings"])
    except OSError as failure:
        raise ConfigError(name, failure.strerror or str(failure)) from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(name, "not a checkpoint (JSON with settings)") from None


@dataclass(frozen=True)
class CopiedSettings(Result):
    """Which of the packaged YAML files are in a folder now."""

    folder: Path
    copied: tuple[str, ...]
    kept: tuple[str, ...]
    """Those that were there; they stay as they are."""
    packaged: bool = False
    """Whether the folder is the packaged one."""

    def to_dict(self) -> dict[str, Json]:
        return {"folder": str(self.folder), "copied": self.copied, "kept": self.kept}

    def tables(self) -> Sequence[Table | str]:
        if self.packaged:
            return [f"{self.folder} is the packaged conf; nothing to copy"]
        kept = f", {len(self.kept)} were there and are kept" if self.kept else ""
        return [f"{len(self.copied)} files copied to {self.folder}{kept}"]


def copy_settings(folder: Path) -> CopiedSettings:
    """Copy the packaged YAML into a folder; files that are there stay as they are."""
    source = packaged_conf()
    if folder.exists() and folder.samefile(source):
        return CopiedSettings(folder, (), (), packaged=True)
    files = {path: folder / path.relative_to(source) for path in sorted(source.rglob("*.yaml"))}
    kept = tuple(str(place) for place in files.values() if place.exists() or place.is_symlink())
    missing = {path: place for path, place in files.items() if str(place) not in kept}
    for path, place in missing.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    return CopiedSettings(folder, tuple(map(str, missing.values())), kept)
