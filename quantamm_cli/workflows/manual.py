"""The manual: pages of ``quantamm_cli/docs``, found by topic, glossary entry or heading.

Imports no JAX, so that ``qsim help`` starts at once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.table import Markdown, Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.workflows.results import Result

FOLDER = Path(__file__).resolve().parents[1] / "docs"
INDEX = "index"
_USAGE = """\
qsim help TOPIC shows a page, qsim help WORDS searches all pages, qsim --help lists the commands
begin with start; then: your own CSV, prices; your own rule, adding-rule; a heading, its words"""
_MOST = 6
_LINK = re.compile(r"\[([^][]+)\]\(([\w-]+)\.md(?:#[\w-]+)?\)")
_HIDDEN = re.compile(r"[ \t]*<!--.*?-->\n?|^!\[.*\n", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"^- (\*\*.+?\*\*.*(?:\n  .*)*)", re.MULTILINE)
_TERM = re.compile(r"\*\*(.+?)\*\*")


class Passage(NamedTuple):
    """A part of a page: an entry of a glossary, or the section of a heading."""

    topic: str
    names: tuple[str, ...]
    """The terms that an entry explains, or the heading."""
    text: str


@dataclass(frozen=True)
class Page:
    """A page, named like its file."""

    topic: str
    text: str
    """Markdown without comments and images, with links as commands."""

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
        """The section of each heading; ``#`` in a block of code is no heading."""
        code = [range(*match.span()) for match in _FENCE.finditer(self.text)]
        matches = re.finditer(r"^#+ (.*)$", self.text, re.MULTILINE)
        heads = [match for match in matches if not any(match.start() in block for block in code)]
        ends = [*(head.start() for head in heads[1:]), len(self.text)]
        for head, end in zip(heads, ends, strict=True):
            yield Passage(self.topic, (head[1],), self.text[head.start() : end].rstrip())


@dataclass(frozen=True)
class Manual(Result):
    """The topics, a page, or the passages that match some words."""

    passages: tuple[Passage, ...]
    shown: tuple[Table | str, ...]

    def to_dict(self) -> dict[str, Json]:
        return {"found": [passage._asdict() for passage in self.passages]}

    def tables(self) -> Sequence[Table | str]:
        return self.shown


def manual(words: Sequence[str], commands: Sequence[str] = ()) -> Manual:
    """The list of topics, the page of a topic, or the passages that match some words.

    ``commands``: further names to suggest for a misspelt word.

    Raises:
        ConfigError: no passage matches; the message has the nearest topics.
    """
    if not words:
        return _topics()
    name, phrase = "-".join(words).lower(), " ".join(words)
    if name in topics() or name == INDEX:
        shown = page(name)
        return Manual((Passage(name, (name,), shown.text),), (Markdown(shown.text),))
    return _search(phrase, (*commands, *topics()))


def topics() -> tuple[str, ...]:
    """The names of the pages, in the order of their links in the index."""
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
    rows, passages = [], []
    for each in map(page, topics()):
        rows.append((each.topic, each.summary))
        passages.append(Passage(each.topic, (each.topic,), each.summary))
    return Manual(tuple(passages), (Table.of("", ["topic", "subject"], rows), _USAGE))


def _search(phrase: str, known: Sequence[str]) -> Manual:
    """Entries that explain exactly this phrase; else entries and sections that contain it; else
    sections whose text has all its words.
    """
    wanted = phrase.lower()
    pages = list(map(page, topics()))
    entries = list(chain.from_iterable(map(Page.entries, pages)))
    sections = _containing(wanted, chain.from_iterable(map(Page.sections, pages)))
    matches = [entry for entry in entries if wanted in map(str.lower, entry.names)]
    matches = matches or _containing(wanted, entries)
    if not matches and not sections:
        sections = _mentioning(wanted, chain.from_iterable(map(Page.sections, pages)))
    if not matches and not sections:
        terms = dict.fromkeys(chain.from_iterable(entry.names for entry in entries))
        hint = did_you_mean(phrase, known) or did_you_mean(phrase, terms)
        raise ConfigError(phrase, f"in no page{hint}; qsim help lists the topics")
    whole: list[str] = []
    if not matches and len(sections) == 1:
        matches, whole = sections, [f"qsim help {sections[0].topic}: the whole page"]
    shown = matches[:_MOST]
    others = [part for part in sections if part not in shown][:_MOST]
    output: list[Table | str] = []
    if shown:
        output.append(Markdown("\n".join(part.text for part in shown)))
    output += [*whole, *(f"qsim help {part.topic}: {part.names[0]}" for part in others)]
    return Manual((*shown, *others), tuple(output))


def _mentioning(wanted: str, sections: Iterable[Passage]) -> list[Passage]:
    """The sections whose text has every word, those that name them most often first."""
    words = [re.compile(rf"\b{re.escape(word)}", re.IGNORECASE) for word in wanted.split()]
    counts = {part: [len(word.findall(part.text)) for word in words] for part in sections}
    complete = [part for part in counts if all(counts[part])]
    return sorted(complete, key=lambda part: -sum(counts[part]))


def _containing(wanted: str, passages: Iterable[Passage]) -> list[Passage]:
    """The passages with the text in one of their names."""
    return [part for part in passages if wanted in "\0".join(part.names).lower()]
