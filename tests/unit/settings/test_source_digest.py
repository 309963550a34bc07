"""One digest of files of source, for all that is compiled from them."""

from pathlib import Path

from quantamm_cli.settings.source_digest import source_digest


def test_names_and_contents_count_and_places_do_not(tmp_path: Path) -> None:
    """Whatever the order of the files and the folder they lie in; ``read`` says what counts."""
    digests = []
    for folder, names in (("one", "ab"), ("two", "ab"), ("three", "ac")):
        (tmp_path / folder).mkdir()
        files = [tmp_path / folder / f"{name}.py" for name in names]
        for file in files:
            file.write_text("x = 1\n")
        digests.append(source_digest(tmp_path / folder, reversed(files)))
    assert digests[0] == digests[1] != digests[2]
    outside = [
        source_digest(tmp_path / "no", (tmp_path / name).glob("*")) for name in ("one", "two")
    ]
    assert outside[0] == outside[1]
    (tmp_path / "one" / "a.py").write_text("x = 2\n")
    files = [*(tmp_path / "one").glob("*.py")]
    assert source_digest(tmp_path / "one", files) != digests[0]
    assert source_digest(tmp_path / "one", files, lambda path: b"x = 1\n") == digests[0]
