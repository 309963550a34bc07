"""The groups of components, read from the folders of their YAML without importing anything."""

import re
from pathlib import Path

from quantamm_cli.settings.conf import packaged_conf
from quantamm_cli.settings.plugins import plugin_folders

BESIDES = ("experiments", "plots")
"""What ``qsim show`` lists in addition to components."""
_KIND = re.compile(rb"^kind:", re.MULTILINE)


def groups() -> dict[str, str]:
    """Each group, such as ``pool/rule``, by the word that lists it, such as ``rules``.

    A folder of YAML files with a ``kind`` is a group, whether it is ours or a plugin's.
    """
    places: set[str] = set()
    for conf in (packaged_conf(), *(folder for _, folder in plugin_folders())):
        for folder in filter(_has_kinds, conf.rglob("*")):
            places.add(folder.relative_to(conf).as_posix())
    return dict(sorted((_plural(place.rpartition("/")[2]), place) for place in places))


def _has_kinds(place: Path) -> bool:
    if not place.is_dir():
        return False
    return any(_KIND.search(path.read_bytes()) for path in place.glob("*.yaml"))


def _plural(word: str) -> str:
    if word.endswith(("s", "data")):
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
