"""What there is to choose from: the groups of components, from the folders of their YAML.

Nothing is imported.
"""

import re
from pathlib import Path

from quantamm_cli.settings.conf import packaged_conf
from quantamm_cli.settings.plugins import plugin_folders

BESIDES = ("experiments", "plots")
"""What ``qsim show`` lists besides components."""
_KIND = re.compile(rb"^kind:", re.MULTILINE)


def groups() -> dict[str, str]:
    """Each group, such as ``pool/rule``, by the word that lists it, such as ``rules``.

    A folder of YAML that name a ``kind`` is a group, whether it is ours or a plugin's.
    """
    found = {
        place.relative_to(conf).as_posix()
        for conf in (packaged_conf(), *(folder for _, folder in plugin_folders()))
        for place in conf.rglob("*")
        if place.is_dir() and _has_kinds(place)
    }
    return dict(sorted((_plural(group.rpartition("/")[2]), group) for group in found))


def _has_kinds(place: Path) -> bool:
    return any(_KIND.search(path.read_bytes()) for path in place.glob("*.yaml"))


def _plural(word: str) -> str:
    if word.endswith(("s", "data")):
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
