"""What Alembic runs: migrate the connection that was handed in, in the caller's transaction."""

from alembic import context

from mixeval.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite changes a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
