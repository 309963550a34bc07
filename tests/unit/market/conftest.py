"""Small price files, and a cache of each test's own."""

from collections.abc import Callable, Sequence
from pathlib import Path

import polars
import pytest

from quantamm_cli.settings.types import minute

DAY0 = minute("2023-03-01")
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path / "cache"))


@pytest.fixture(params=["parquet", "csv"])
def kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of file."""
    return str(request.param)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes <token>_USD.<kind> of closes at minutes counted from DAY0,
    in ms unless ``stamps`` gives the raw column.
    """

    def _write(
        kind: str,
        closes: Sequence[object],
        token: str = "BTC",
        minutes: Sequence[int] | None = None,
        stamps: Sequence[object] | None = None,
    ) -> Path:
        unix = (
            stamps
            if stamps is not None
            else [
                (DAY0 + m) * 60_000
                for m in (minutes if minutes is not None else range(len(closes)))
            ]
        )
        frame = polars.DataFrame(
            {"date": ["x"] * len(closes), "unix": unix, "close": closes}, strict=False
        )
        path = tmp_path / f"{token}_USD.{kind}"
        frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
        return path

    return _write
