"""Settings as files: composed, validated, described, compared, copied."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.config.compose import Composer
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.conf import packaged_conf
from quantamm_cli.settings.json_tree import Json, JsonObject, differing, without
from quantamm_cli.workflows.results import Result

_UNUSED = {"simulate": ("metric", "fit", "split", "grid"), "tune": ("study", "space")}
"""Settings of a command that are not those of a run."""


@dataclass(frozen=True)
class ComposedSettings(Result):
    """Settings as YAML text, and as a plain tree."""

    yaml: str
    tree: JsonObject

    def to_dict(self) -> dict[str, Json]:
        return {"config": self.tree}

    def tables(self) -> Sequence[Table | str]:
        return [self.yaml]


def compose_settings(
    command: str, overrides: Sequence[str], config_dir: str | None
) -> ComposedSettings:
    """The settings of a command with overrides. Raises ConfigError if they are not valid."""
    composer = Composer(command, tuple(overrides), config_dir)
    return ComposedSettings(composer.yaml("job").rstrip("\n"), composer.tree())


@dataclass(frozen=True)
class ValidSettings(Result):
    """Settings that are valid, and their fingerprint."""

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
        ConfigError: names the first error.
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
    tree = without(composed.tree, *_UNUSED.get(command, ()))
    kind = Simulate if command == "simulate" else Train
    return ValidSettings(decode(kind, tree).fingerprint)


@dataclass(frozen=True)
class Schema(Result):
    """JSON Schema of the settings of a command, for editors."""

    tree: JsonObject

    def to_dict(self) -> dict[str, Json]:
        return {"schema": self.tree}

    def tables(self) -> Sequence[Table | str]:
        return [json.dumps(self.tree, indent=2)]


def schema_of(command: str) -> Schema:
    """The schema of the settings of a command."""
    from quantamm_cli.config.schema import json_schema

    return Schema(json_schema(command))


@dataclass(frozen=True)
class SettingsDifference(Result):
    """The keys in which two settings differ."""

    names: tuple[str, str]
    values: dict[str, tuple[Json, Json]]
    """By dotted key; ``None`` where one of them lacks the key."""

    def to_dict(self) -> dict[str, Json]:
        return {"differences": {key: list(pair) for key, pair in self.values.items()}}

    def tables(self) -> Sequence[Table | str]:
        if not self.values:
            return ["no difference"]
        rows = [[key, *map(json.dumps, pair)] for key, pair in self.values.items()]
        return [Table.of("", ["setting", *self.names], rows)]


def compare_settings(
    one: str, two: str, overrides: Sequence[str], config_dir: str | None
) -> SettingsDifference:
    """Compare two experiments, settings files or checkpoints (``.json``) by name.

    ``default`` names the defaults.

    Raises:
        ConfigError: a name is none of these.
    """
    first, second = (_settings(name, overrides, config_dir) for name in (one, two))
    return SettingsDifference((one, two), differing(first, second))


def _settings(name: str, overrides: Sequence[str], config_dir: str | None) -> JsonObject:
    if name.endswith(".json"):
        return _checkpoint_settings(name)
    words = () if name == "default" else (f"conf={name}",)
    return Composer("train", (*words, *overrides), config_dir).tree()


def _checkpoint_settings(name: str) -> JsonObject:
    try:
        return dict(json.loads(Path(name).read_text(encoding="utf-8"))["settings"])
    except OSError as failure:
        raise ConfigError(name, failure.strerror or str(failure)) from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(name, "is not a checkpoint (JSON with settings)") from None


@dataclass(frozen=True)
class CopiedSettings(Result):
    """The packaged YAML files in a folder."""

    folder: Path
    copied: tuple[str, ...]
    existing: tuple[str, ...]
    """Those that existed before; they are unchanged."""
    packaged: bool = False
    """Whether the folder is the packaged one."""

    def to_dict(self) -> dict[str, Json]:
        return {"folder": str(self.folder), "copied": self.copied, "kept": self.existing}

    def tables(self) -> Sequence[Table | str]:
        if self.packaged:
            return [f"{self.folder} is the packaged conf; nothing to copy"]
        line = f"{len(self.copied)} files copied to {self.folder}"
        if self.existing:
            line += f", {len(self.existing)} exist and are unchanged"
        return [line]


def copy_settings(folder: Path) -> CopiedSettings:
    """Copy the packaged YAML into a folder; existing files stay as they are."""
    source = packaged_conf()
    if folder.exists() and folder.samefile(source):
        return CopiedSettings(folder, (), (), packaged=True)
    copied, existing = [], []
    for path in sorted(source.rglob("*.yaml")):
        target = folder / path.relative_to(source)
        if target.exists() or target.is_symlink():
            existing.append(str(target))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        copied.append(str(target))
    return CopiedSettings(folder, tuple(copied), tuple(existing))
