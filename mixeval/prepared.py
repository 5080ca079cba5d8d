"""Statements of the busiest path: compiled once for each kind of database, and handed to its driver as they are.

What SQLAlchemy does for every execution costs a save ten times what its database does. The statement is still
written with SQLAlchemy, so columns, types and both dialects come from one place; only the way there is short.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Statement = Executable | Callable[[Dialect], Executable]
"""A statement, or what writes it for a dialect."""


class Prepared:
    """One statement with named parameters, none of them a list; errors are SQLAlchemy's, as for any other."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, db: Session | Connection, parameters: Mapping[str, Any]) -> list[Any]:
        """Return every row, as a named tuple of the columns."""
        return self._run(db, [parameters])[0]

    def each(self, db: Session | Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run the statement with each of `rows` and return how many rows of the table it made or changed."""
        return self._run(db, rows)[1]

    def _run(self, db: Session | Connection, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Any], int]:
        connection = db.connection() if isinstance(db, Session) else db
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            statement = self._statement
            compiled = _compile(
                statement(connection.dialect) if callable(statement) else statement, connection.dialect
            )
            self._compiled[connection.dialect.name] = compiled
        parameters = [compiled.parameters(row) for row in rows]
        driver: Any = connection.connection.driver_connection
        cursor = driver.cursor()
        try:
            if len(parameters) == 1:
                cursor.execute(compiled.text, parameters[0])
            else:
                cursor.executemany(compiled.text, parameters)
            found = cursor.fetchall() if compiled.row_type else []
            changed = cursor.rowcount
        except connection.dialect.loaded_dbapi.Error as error:
            raise _as_of_sqlalchemy(error, compiled, connection, cursor) from error
        finally:
            cursor.close()
        return [compiled.row(row) for row in found], changed


@dataclass(frozen=True)
class _Compiled:
    text: str
    constants: Mapping[str, Any]
    """Parameters that the statement itself has."""
    binds: Mapping[str, Callable[[Any], Any]]
    """How values of parameters are put down, where not as they are."""
    positions: Sequence[str] | None
    """Order of the parameters, where the driver takes them by position."""
    row_type: Callable[..., Any] | None
    results: Sequence[tuple[int, Callable[[Any], Any]]]
    """How values of columns are read, where not as they are."""

    def parameters(self, given: Mapping[str, Any]) -> Any:
        values = {**self.constants, **given}
        for name, put_down in self.binds.items():
            values[name] = put_down(values[name])
        return values if self.positions is None else tuple(values[name] for name in self.positions)

    def row(self, found: Sequence[Any]) -> Any:
        values = list(found)
        for place, read in self.results:
            values[place] = read(values[place])
        return self.row_type(*values) if self.row_type else None


def _compile(statement: Any, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    binds = {
        name: processor
        for name, parameter in compiled.binds.items()
        if (processor := parameter.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    columns = list(statement.exported_columns) if statement.is_select else []
    processors = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return _Compiled(
        text=compiled.string,
        constants={name: parameter.value for name, parameter in compiled.binds.items()},
        binds=binds,
        positions=compiled.positiontup if compiled.positional else None,
        # The names are those of the columns.
        row_type=namedtuple("Row", [column.key for column in columns]) if columns else None,  # noqa: PYI024 - the columns are known here only
        results=[(place, processor) for place, processor in enumerate(processors) if processor is not None],
    )


def _as_of_sqlalchemy(
    error: Exception, compiled: _Compiled, connection: Connection, cursor: Any
) -> BaseException:
    lost = connection.dialect.is_disconnect(error, connection.connection, cursor)  # type: ignore[arg-type]
    if lost:
        # The others of the pool are pinged before their next use.
        connection.invalidate(error)
    return DBAPIError.instance(
        compiled.text,
        None,
        error,
        connection.dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=connection.dialect,
    )
