"""Errors of a command as a person sees them: what happened, what to do, an exit code."""

from __future__ import annotations

import functools
import sqlite3
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from notesmine.errors import NotesmineError

F = TypeVar("F", bound=Callable[..., Any])


def friendly(function: F) -> F:
    """Turn the project's errors into a message, the next step, and an exit code."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except NotesmineError as error:
            click.echo(f"Error: {error.message}", err=True)
            if error.hint:
                click.echo(f"What to do: {error.hint}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Stopped. What was done is kept; the next run goes on from here.", err=True)
            sys.exit(130)
        except sqlite3.Error as error:
            click.echo(f"Error: the state cannot be written or read: {error}", err=True)
            click.echo(
                "What to do: check free space; the last report is untouched. If it stays so, move"
                " the state folder (.notesmine) away.",
                err=True,
            )
            sys.exit(2)
        except BrokenPipeError:  # `notesmine show ID | head`: Click ends quietly
            raise
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            click.echo(f"Error: {error.strerror or error}{where}", err=True)
            click.echo(
                "What to do: check free space and rights; the last report is untouched.", err=True
            )
            sys.exit(2)

    return wrapped  # type: ignore[return-value]
