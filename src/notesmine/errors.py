"""The error tree. Every error says what happened and carries what to do next.

::

    NotesmineError                 anything the user can act on
    ├── UsageError                 wrong usage or nothing to read           exit 2
    │   ├── NothingToRead          an empty or missing corpus
    │   ├── ConfigError            notesmine.toml, named by key
    │   ├── CodebookError          codebook.toml, named by line and key
    │   └── InputError             a JSONL or other input of a command
    ├── StateError                 the state is locked, newer, or damaged   exit 2
    ├── OutputError                the output folder cannot be written      exit 2
    ├── ModelError                 a model is missing or not the expected   exit 2
    ├── CheckFailed                a check (``verify``) did not pass        exit 1
    └── ReadError                  one document cannot be read; becomes a Problem
        ├── Unsupported            a format that is not read
        ├── Damaged                a file that no library opens
        ├── Encrypted              a password is needed
        └── TooLarge               a limit of ``[read]`` was exceeded
"""

from __future__ import annotations

from typing import ClassVar


class NotesmineError(Exception):
    """Base of all errors; ``hint`` tells the user what to do next."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(NotesmineError):
    """Wrong usage, or nothing to read."""


class NothingToRead(UsageError):
    """The corpus is missing, or holds no document."""


class ConfigError(UsageError):
    """A setting in ``notesmine.toml`` is unknown or out of range."""


class CodebookError(UsageError):
    """The codebook is not valid; the message names line and key."""


class InputError(UsageError):
    """An input file of a command is not what it should be."""


class StateError(NotesmineError):
    """The state folder is locked by another run, newer than this version, or damaged."""


class OutputError(NotesmineError):
    """The output folder cannot be written."""


class ModelError(NotesmineError):
    """A model is missing, or its hash is not the expected one."""


class CheckFailed(NotesmineError):
    """A check did not pass."""

    exit_code: ClassVar[int] = 1


class ReadError(NotesmineError):
    """One document cannot be read; the run goes on and the document carries a Problem."""

    code: ClassVar[str] = "unreadable"


class Unsupported(ReadError):
    """The format is not one that notesmine reads."""

    code: ClassVar[str] = "unsupported-format"


class Damaged(ReadError):
    """No library could open the file."""

    code: ClassVar[str] = "damaged"


class Encrypted(ReadError):
    """The file needs a password."""

    code: ClassVar[str] = "encrypted"


class TooLarge(ReadError):
    """A limit was exceeded: file size, pages, memory, time, or expansion of an archive."""

    code: ClassVar[str] = "too-large"
