"""Reading and writing whole files: strictly decoded, atomically replaced."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from perfkit.model.errors import DataError, UsageError

_T = TypeVar("_T")


class _Tagged(msgspec.Struct):
    schema: str = ""


def read(path: Path) -> bytes:
    """The file's bytes. Raises UsageError if there is none or it cannot be opened."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file", hint="`perfkit list` and `ls reports/` show what there is") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def decode(
    data: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[_T], path: Path, *, schema: str, at: str = "$"
) -> _T:
    """The value in `data`.

    Raises DataError of one line that names the file and the JSON path. `schema` is what
    the file should be, `at` the path where `data` stood.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        found = schema if at != "$" else _schema(data)
        raise _explained(found, schema, path, _located(str(error), at)) from None
    except msgspec.DecodeError as error:
        raise DataError(f"{path}: {_malformed(str(error))}", hint="the file was left as it is") from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: not JSON that perfkit writes ({type(error).__name__})") from None


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Where writing to an open file fails, the system tells no name: the error gets this one."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path` whole or not at all: a neighbour file is written, synced and moved over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with naming(path), temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut, where the system lets a folder be synced."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explained(found: str, wanted: str, path: Path, message: str) -> DataError:
    """A foreign or newer schema explains every other difference, so it is told first."""
    kind, _, number = wanted.partition("/")
    found_kind, _, version = found.partition("/")
    expected = f'a {kind} file says "schema": "{wanted}"'
    if found == wanted:
        return DataError(f"{path}: {message}", hint="the file was left as it is")
    if not found:
        return DataError(f"{path}: not a {kind} file: it names no schema", hint=expected)
    if found_kind != kind:
        return DataError(f"{path}: a {found_kind} file, where a {kind} file is wanted", hint=expected)
    if version.isdecimal() and int(version) > int(number):
        newer = f"{path}: written by a newer perfkit: schema {version}, this one reads {number}"
        return DataError(newer, hint="upgrade perfkit")
    return DataError(f"{path}: unknown schema {found!r}", hint=expected)


def _schema(data: bytes | msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(data, type=_Tagged).schema
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _located(message: str, at: str) -> str:
    text, _, path = message.partition(" - at `$")
    return f"{at}{path.rstrip('`')}: {text}"


def _malformed(message: str) -> str:
    if "truncated" in message:
        return "ends too early (truncated)"
    return message if "UTF-8" in message else message.replace("JSON is malformed", "not JSON")
