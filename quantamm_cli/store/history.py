"""The full history of a run: one entry a line, append-only.

Each line is ``{"digest":"<16 hex digits>","entry":<canonical JSON>}``. The digest covers the digest
before it (the first one the fingerprint) and the bytes of the entry, so that an altered, torn,
lost, repeated, moved or foreign line is detected.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.errors import StoreError
from quantamm_cli.store import atomic
from quantamm_cli.store.advice import start_over
from quantamm_cli.store.record import Entry, Record, is_entry

_HEAD, _MIDDLE, _TAIL = b'{"digest":"', b'","entry":', b"}\n"
_DIGITS = 16
_BODY = len(_HEAD) + _DIGITS + len(_MIDDLE)


@dataclass(frozen=True)
class Line:
    """An intact line: its entry, its digest and the length of the file up to its end."""

    entry: Entry
    digest: str
    end: int

    @property
    def step(self) -> int:
        """The entry's step."""
        return self.entry["step"]


def read_lines(path: Path, fingerprint: str) -> list[Line]:
    """The intact lines before the first that is damaged; empty if there is no file.

    Raises StoreError if the file cannot be read.
    """
    with atomic.reporting_errors(path, "read"):
        data = path.read_bytes() if path.exists() else b""
    lines: list[Line] = []
    previous, end = fingerprint, 0
    for raw in data.splitlines(keepends=True):
        end += len(raw)
        entry = _entry(raw, previous)
        if entry is None or (lines and entry["step"] <= lines[-1].step):
            break
        previous = raw[len(_HEAD) : len(_HEAD) + _DIGITS].decode("ascii")
        lines.append(Line(entry, previous, end))
    return lines


def _entry(raw: bytes, previous: str) -> Entry | None:
    body = raw[_BODY : -len(_TAIL)]
    if raw != _HEAD + _chain(previous, body).encode("ascii") + _MIDDLE + body + _TAIL:
        return None
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError):  # the digest is no secret: anyone can make such a line
        return None
    return entry if is_entry(entry) else None


def _chain(previous: str, body: bytes) -> str:
    return hashlib.sha256(previous.encode("ascii") + b"\n" + body).hexdigest()[:_DIGITS]


class History:
    """The history of a run for its one writer: its end, and how to append."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.fingerprint = fingerprint
        self.step: int | None = None
        self._digest = fingerprint
        self._end = 0

    def rewind(self, step: int) -> list[Line]:
        """Cuts the file after ``step`` (a torn line, steps that will be repeated) and returns the
        lines left.

        Raises StoreError if ``step`` itself, which was saved, is missing.
        """
        lines = [line for line in read_lines(self.path, self.fingerprint) if line.step <= step]
        if not lines or lines[-1].step != step:
            state = "it has no intact line"
            if lines:
                state = f"intact up to step {lines[-1].step}"
            message = f"was cut or altered: {state}, expected {step}; {start_over()}"
            raise StoreError(str(self.path), message)
        self.step, self._digest, self._end = step, lines[-1].digest, lines[-1].end
        with atomic.reporting_errors(self.path, "repaired"):
            if self.path.stat().st_size != self._end:
                self._write(b"")
        return lines

    def append(self, records: Iterable[Record]) -> None:
        """Appends the entries after the last step, durably; earlier ones are skipped.

        Raises StoreError; ValueError if the steps do not ascend.
        """
        data, digest, step = bytearray(), self._digest, self.step
        for record in records:
            if self.step is not None and record.step <= self.step:
                continue
            if step is not None and record.step <= step:
                raise ValueError(f"step {record.step} after step {step}")
            body = record.canonical.encode("ascii")
            digest, step = _chain(digest, body), record.step
            data += _HEAD + digest.encode("ascii") + _MIDDLE + body + _TAIL
        if not data:
            return
        with atomic.reporting_errors(self.path, "written"):
            self._write(bytes(data))
        self.step, self._digest, self._end = step, digest, self._end + len(data)

    def _write(self, data: bytes) -> None:
        new = not self.path.exists()
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            if os.fstat(file).st_size != self._end:  # a full disk left a part of a line
                os.ftruncate(file, self._end)
            os.lseek(file, self._end, os.SEEK_SET)
            atomic.write_all(file, data)
            os.fsync(file)
        finally:
            os.close(file)
        if new:
            atomic.sync_folder(self.path.parent)
