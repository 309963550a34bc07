"""The base of parquet and CSV prices: a folder with one file a token, checked once and cached."""

import hashlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from quantamm_cli.errors import ConfigError, DataError
from quantamm_cli.market import clean, tables
from quantamm_cli.market.base import Closes, Source
from quantamm_cli.market.cache import cached, known
from quantamm_cli.market.grid import Grid, closes, cover
from quantamm_cli.settings.file_digest import file_digest
from quantamm_cli.settings.suggestions import did_you_mean


class FileSource(Source):
    """Files ``<TOKEN>_USD.<kind>`` in one folder, with columns ``unix`` and ``close``; other
    columns are ignored.
    """

    paths: ClassVar[frozenset[str]] = frozenset({"dir", "series"})

    dir: str | None = Field(None, description="folder of the files")

    def place(self, token: str) -> str:
        return str(self._path(token))

    def files(self, tokens: tuple[str, ...]) -> tuple[Path, ...]:
        return tuple(map(self._path, tokens))

    def span(self, token: str) -> tuple[int, int]:
        return cover(self.bars(token), self)

    def read(self, token: str, first: int, last: int) -> Closes:
        self.refuse_outside(token, first, last)
        return closes(self.bars(token), self, token, first, last)

    def tokens(self) -> tuple[str, ...]:
        """The tokens that have a file in the folder, sorted.

        Raises:
            ConfigError: ``data.dir`` is not set.
            DataError: the folder does not exist.
        """
        ending = f"_USD.{self.kind}"
        names = (file.name for file in self._folder().iterdir() if file.name.endswith(ending))
        return tuple(sorted(name.removesuffix(ending) for name in names))

    def check_place(self) -> None:
        if not self.dir:
            raise ConfigError(
                "data.dir",
                "is not set; write data.dir=PATH, the folder with files such as "
                f"BTC_USD.{self.kind}",
            )

    def _folder(self) -> Path:
        self.check_place()
        folder = Path(self.dir or "").expanduser()
        if not folder.is_dir():
            raise DataError(
                "data.dir",
                f"'{self.dir}' is not a folder; write data.dir=PATH, the folder with files such as "
                f"BTC_USD.{self.kind}",
            )
        return folder

    def _path(self, token: str) -> Path:
        return self._folder() / f"{token}_USD.{self.kind}"

    def bars(self, token: str) -> Grid:
        """The bars of a token's file, with no close carried. Raises DataError as ``span`` does."""
        path = self._path(token)
        try:
            stat = path.stat()
        except FileNotFoundError:
            known = self.tokens()
            names = sorted(file.name for file in path.parent.iterdir())
            content = ", ".join(known) or f"no file *_USD.{self.kind}, but {_few(names)}"
            raise DataError(
                str(path),
                f"does not exist, so {token} has no prices{did_you_mean(token, known)}; the folder "
                f"has {content}",
            ) from None
        except OSError as failure:
            raise DataError(str(path), f"cannot be read ({failure.strerror})") from None
        return _cleaned(path, self.kind, (stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size))


def _few(names: list[str]) -> str:
    """The first of some file names."""
    more = ", …" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more or "nothing"


@lru_cache(maxsize=8)
def _cleaned(path: Path, kind: str, _state: tuple[int, ...]) -> Grid:
    """The grid of a file. ``span`` and ``read`` both need it, so the last few are cached for as
    long as the file's ``_state`` on disk is the same.
    """
    with suppress(OSError):
        if (grid := known(file_digest(path), kind)) is not None:
            return grid
    data = tables.content(path)
    return cached(hashlib.sha256(data).hexdigest(), kind, lambda: _clean(data, kind, str(path)))


def _clean(data: bytes, kind: str, where: str) -> Grid:
    import polars

    names = tables.columns_of(data, kind, where)
    missing = [name for name in ("unix", "close") if name not in names]
    if missing:
        raise DataError(
            where,
            f"has no column {missing[0]}{did_you_mean(missing[0], names)}; expected unix (the "
            "minute in s, ms, us or ns since 1970, UTC) and close (USD), it has "
            f"{', '.join(names) or 'none'}",
        )
    frame = tables.read_columns(
        data, kind, {"unix": polars.Int64(), "close": polars.Float64()}, where
    )
    return clean.grid(frame["unix"], frame["close"], where, tables.ROWS[kind])
