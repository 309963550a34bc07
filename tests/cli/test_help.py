"""``qsim help``: topics, pages, words; and what the pages are made of."""

import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from documented import blocks
from heads import heads
from metrics_page import PAGE, text
from toy import Call, environment

from quantamm_cli.reporting.names import PARTS, SHOWN, STRATEGIES
from quantamm_cli.workflows.manual import FOLDER, INDEX, page, topics

PAGES = sorted(path.stem for path in FOLDER.glob("*.md"))
LONGEST = 120
"""Lines of a page, but for lists made to be searched and tables that a program writes."""


def test_the_index_lists_each_page_once() -> None:
    assert sorted((*topics(), INDEX)) == PAGES


@pytest.mark.parametrize("topic", topics())
def test_a_page_has_a_title_one_line_on_what_it_says_and_no_more_than_is_read(topic: str) -> None:
    lines = (FOLDER / f"{topic}.md").read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"# .{3,60}", lines[0])
    assert re.fullmatch(r"[A-Z].{10,98}[.:]", page(topic).summary), page(topic).summary
    assert topic in ("glossary", "metrics", "speed", "kernels", "python") or len(lines) <= LONGEST


def test_only_links_are_written_otherwise_than_in_the_file(call: Call) -> None:
    """A bracket of an interval begins no link."""
    shown = call("help", "units").out
    assert "Training uses `[start, end)` without" in shown
    assert "compared with it in `qsim help fees`" in shown


@pytest.mark.parametrize("topic", topics())
def test_code_is_not_wrapped_where_it_is_rendered(topic: str) -> None:
    """A command that a terminal breaks in two is two commands when it is pasted."""
    code = [block.text for block in blocks(page(topic).text)]
    assert [line for text in code for line in text.splitlines() if len(line) > 96] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "quantamm_cli/docs"])
def test_links_lead_somewhere(name: str, root: Path) -> None:
    """To files of the project."""
    top = root / name
    for path in [top] if top.is_file() else top.glob("*.md"):
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        assert [link for link in links if not (path.parent / link).is_file()] == [], path.name


def test_the_site_builds(tmp_path: Path, root: Path) -> None:
    """As ``make docs`` builds it: a broken link is an error."""
    pytest.importorskip("mkdocs", reason="mkdocs-material (the extra docs) is not installed")
    words = ["-m", "mkdocs", "build", "--strict", "--quiet", "-f", "deploy/mkdocs.yml"]
    done = subprocess.run(
        [sys.executable, *words, "-d", str(tmp_path)], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.html"))) > len(PAGES)


def test_topics_are_listed_with_a_line_each(call: Call) -> None:
    answer = call("help")
    assert answer.code == 0
    assert all(re.search(rf"^{topic} +\S", answer.out, re.MULTILINE) for topic in topics())
    assert "qsim help" in call("--help").out
    listed = call("help", "--json").json["found"]
    assert [each["topic"] for each in listed] == list(topics())


def test_a_page_is_plain_text_in_a_pipe(call: Call) -> None:
    """Links are commands, comments are left out."""
    out = call("help", "glossary").out
    assert out.startswith("# Glossary\n")
    assert "`qsim help metrics`" in out
    assert "<!--" not in "".join(page(topic).text for topic in topics())
    assert call("help", "glossary", "--json").json["found"][0]["text"] == out[:-1]


def test_words_are_looked_up_in_the_glossary_and_in_headings(call: Call) -> None:
    assert call("help", "worst", "week").out.startswith("- **worst week**: the deepest fall")
    assert "**calmar** (1/year)" in call("help", "calmar").out
    assert call("help", "return").out.startswith("- **return**, **returns**: growth")
    assert call("help", "gradients").out.startswith("## Gradients\n")
    assert call("help", "lvr portfolio", "--json").json["found"][0]["topic"] == "glossary"


def test_words_that_no_heading_has_are_looked_up_in_the_text(call: Call) -> None:
    """The section that names them most often is first; every word must be there."""
    assert call("help", "flash", "crowd").code == 2
    first = call("help", "--json", "yaml", "group").json["found"][0]
    assert all(word in first["text"].lower() for word in ("yaml", "group"))
    assert "qsim help training: The fit\n" in call("help", "sobol").out
    assert call("help", "json.dump").out.endswith("qsim help quantammsim: the whole page\n")


@pytest.mark.parametrize(
    ("words", "page_named"),
    [
        (("csv",), "prices"),
        (("data",), "prices"),
        (("rule",), "adding-rule"),
        (("weight", "rule"), "adding-rule"),
        (("plugins",), "adding"),
        (("fingerprint",), "quantammsim"),
        (("json.dump",), "quantammsim"),
    ],
)
def test_what_a_newcomer_looks_for_leads_to_its_page(
    words: tuple[str, ...], page_named: str, call: Call
) -> None:
    answer = " ".join(call("help", *words).out.split())
    assert f"qsim help {page_named}" in answer


def test_a_dash_in_a_table_is_explained(call: Call) -> None:
    assert call("help", "-").out.startswith("- **-**, **–**: in a table, a number that is not")


def test_a_command_has_its_own_help(call: Call) -> None:
    assert call("help", "train").out == call("train", "--help").out


def test_what_is_nowhere_is_one_line_with_the_nearest(call: Call) -> None:
    call("help", "glosary").one_line(2, "help: glosary: in no page", "did you mean 'glossary'?")
    call("help", "trian").one_line(2, "did you mean 'train'?")
    call("help", "wosrt", "week").one_line(2, "did you mean 'worst week'?")


def test_every_heading_of_every_table_is_explained(root: Path) -> None:
    """And every strategy that a table names."""
    explained = {name for entry in page("glossary").entries() for name in entry.names}
    assert len(heads(root)) > 80, "headings are read out of the code; has it another form?"
    shown = {head for head, *_ in (*SHOWN, *PARTS)} | set(STRATEGIES.values()) - {"this pool"}
    assert (heads(root) | shown) - explained == set()


def test_the_page_of_metrics_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), "write it anew: make docs"


def test_a_terminal_gets_it_rendered_and_paged(tmp_path: Path) -> None:
    """Long pages go through the pager; a short answer does not."""
    pager = tmp_path / "pager"
    pager.write_text(f'#!/bin/sh\necho paged\ntouch "{tmp_path}/used"\ncat\n')
    pager.chmod(0o755)
    more = {"PAGER": str(pager), "TERM": "xterm", "COLUMNS": "90", "LINES": "24"}

    def terminal(*words: str) -> str:
        ours, theirs = pty.openpty()
        parts: list[bytes] = []

        def collect() -> None:
            try:
                while part := os.read(ours, 4096):
                    parts.append(part)
            except OSError:  # the other side is closed
                pass

        reader = threading.Thread(target=collect)
        reader.start()
        command = [sys.executable, "-m", "quantamm_cli", *words]
        subprocess.run(
            command, cwd=tmp_path, env=environment(**more), stdin=theirs, stdout=theirs, check=True
        )
        os.close(theirs)
        reader.join(10)
        os.close(ours)
        return b"".join(parts).decode()

    short = terminal("help", "worst", "week")
    assert "\x1b[1m" in short
    assert "**" not in short
    assert not (tmp_path / "used").exists()
    assert "paged" in terminal("help", "glossary")
