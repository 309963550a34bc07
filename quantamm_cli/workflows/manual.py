"""The manual: pages of ``quantamm_cli/docs``, found by topic, glossary entry or heading.

Imports no JAX: ``qsim help`` is there at once.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.table import Markdown, Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.workflows.results import Result

FOLDER = Path(__file__).resolve().parents[1] / "docs"
INDEX = "index"
_MOST = 6
_LINK = re.compile(r"\[([^][]+)\]\(([\w-]+)\.md(?:#[\w-]+)?\)")
_HIDDEN = re.compile(r"[ \t]*<!--.*?-->\n?|^!\[.*\n", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"^- (\*\*.+?\*\*.*(?:\n  .*)*)", re.MULTILINE)
_TERM = re.compile(r"\*\*(.+?)\*\*")


class Passage(NamedTuple):
    """A part of a page: an entry of a glossary, or what stands below a heading."""

    topic: str
    names: tuple[str, ...]
    """The terms that an entry explains, or the heading."""
    text: str


@dataclass(frozen=True)
class Page:
    """A page by the name of its file."""

    topic: str
    text: str
    """As a terminal or a pipe shows it: no comments, no pictures, links as commands."""

    @property
    def summary(self) -> str:
        """The first line below the title."""
        return next(line for line in self.text.splitlines()[1:] if line)

    def entries(self) -> Iterator[Passage]:
        """The entries of a glossary: list items that begin with bold terms before a colon."""
        for entry in _ENTRY.findall(self.text):
            terms = _TERM.findall(entry.partition(":")[0])
            yield Passage(self.topic, tuple(terms), f"- {entry}")

    def sections(self) -> Iterator[Passage]:
        """What stands below each heading, down to the next one. ``#`` in blocks of code is none."""
        code = [range(*found.span()) for found in _FENCE.finditer(self.text)]
        heads = [
            found
            for found in re.finditer(r"^#+ (.*)$", self.text, re.MULTILINE)
            if not any(found.start() in block for block in code)
        ]
        ends = [*(head.start() for head in heads[1:]), len(self.text)]
        for head, end in zip(heads, ends, strict=True):
            yield Passage(self.topic, (head[1],), self.text[head.start() : end].rstrip())


@dataclass(frozen=True)
class Manual(Result):
    """What was asked for: the topics, a page, or the passages that a word is found in."""

    passages: tuple[Passage, ...]
    shown: tuple[Table | str, ...]

    def to_dict(self) -> dict[str, Json]:
        return {
            "found": [
                {"topic": one.topic, "names": list(one.names), "text": one.text}
                for one in self.passages
            ]
        }

    def tables(self) -> Sequence[Table | str]:
        return self.shown


def manual(words: Sequence[str], commands: Sequence[str] = ()) -> Manual:
    """The list of topics, the page of one, or what glossary and headings have of some words.

    ``commands``: names that a misspelt word may have meant besides topics.

    Raises:
        ConfigError: the words are found nowhere, with the nearest topics.
    """
    if not words:
        return _topics()
    name, phrase = "-".join(words).lower(), " ".join(words)
    if name in topics() or name == INDEX:
        shown = page(name)
        return Manual((Passage(name, (name,), shown.text),), (Markdown(shown.text),))
    return _search(phrase, (*commands, *topics()))


def topics() -> tuple[str, ...]:
    """The names of the pages, in the order in which the index links them."""
    linked = _LINK.findall((FOLDER / f"{INDEX}.md").read_text(encoding="utf-8"))
    return tuple(dict.fromkeys(topic for _, topic in linked))


@cache
def page(topic: str) -> Page:
    """The page of a topic."""
    text = (FOLDER / f"{topic}.md").read_text(encoding="utf-8")
    return Page(topic, _LINK.sub(_as_command, _HIDDEN.sub("", text)))


def _as_command(link: re.Match[str]) -> str:
    text, topic = link.groups()
    return f"`qsim help {topic}`" if text == topic else f"{text} (`qsim help {topic}`)"


def _topics() -> Manual:
    pages = [page(topic) for topic in topics()]
    rows = [(each.topic, each.summary) for each in pages]
    passages = tuple(Passage(each.topic, (each.topic,), each.summary) for each in pages)
    after = "qsim help TOPIC shows a page, qsim help WORDS what the glossary and the headings have"
    return Manual(passages, (Table.of("", ["topic", "what it says"], rows), after))


def _search(phrase: str, known: Sequence[str]) -> Manual:
    """Entries that explain just this; else all entries, and headings, with the words in them."""
    wanted = phrase.lower()
    pages = [page(topic) for topic in topics()]
    entries = [entry for each in pages for entry in each.entries()]
    named = [entry for entry in entries if wanted in map(str.lower, entry.names)]
    near = named or [entry for entry in entries if _within(wanted, entry)]
    sections = [part for each in pages for part in each.sections() if _within(wanted, part)]
    if not near and not sections:
        terms = [term for entry in entries for term in entry.names]
        hint = did_you_mean(phrase, known) or did_you_mean(phrase, dict.fromkeys(terms))
        raise ConfigError(phrase, f"no topic, term or heading{hint}; qsim help lists the topics")
    whole = near[:_MOST] or (sections if len(sections) == 1 else [])
    shown = [Markdown("\n".join(part.text for part in whole))] if whole else []
    others = [part for part in sections if part not in whole][:_MOST]
    lines = [f"qsim help {part.topic}: {part.names[0]}" for part in others]
    return Manual((*whole, *others), (*shown, *lines))


def _within(wanted: str, part: Passage) -> bool:
    return any(wanted in name.lower() for name in part.names)
