"""Pages of every kind: questions, checks and breaks, answers and flags; seats; sounds that are only heard.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=op.f("fk_answers_page_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("page_id", "subject", "name", name=op.f("uq_answers_page_id_subject_name")),
    )
    op.create_table(
        "flags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_flags_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
        sa.UniqueConstraint("session_id", "name", name=op.f("uq_flags_session_id_name")),
    )
    # Columns that had no say before get what their rows meant; the defaults of the server go again.
    with op.batch_alter_table("versions") as batch:
        batch.add_column(sa.Column("order_seed", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("sessions") as batch:
        batch.add_column(sa.Column("seat", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("active_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("consent_boxes", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("pages") as batch:
        batch.add_column(sa.Column("kind", sa.String(length=32), nullable=False, server_default="sliders"))
        batch.add_column(sa.Column("purpose", sa.String(length=16), nullable=False, server_default="rating"))
        batch.alter_column("item", existing_type=sa.String(length=200), nullable=True)
    with op.batch_alter_table("page_stimuli") as batch:
        batch.add_column(sa.Column("role", sa.String(length=16), nullable=False, server_default="rated"))
        batch.drop_constraint("uq_page_stimuli_page_id_condition", type_="unique")
    with op.batch_alter_table("ratings") as batch:
        batch.add_column(sa.Column("unplayable", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Orders of these sessions were drawn from their own seeds; each has had a seat of its own.
    op.execute(
        "UPDATE sessions SET active_at = coalesce(completed_at, started_at), seat = ("
        "SELECT count(*) FROM sessions AS earlier WHERE earlier.version_id = sessions.version_id "
        "AND (earlier.started_at < sessions.started_at "
        "OR (earlier.started_at = sessions.started_at AND earlier.id < sessions.id)))"
    )
    with op.batch_alter_table("sessions") as batch:
        batch.alter_column("active_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch.alter_column("seat", existing_type=sa.Integer(), server_default=None)
        batch.alter_column("consent_boxes", existing_type=sa.JSON(), server_default=None)
    with op.batch_alter_table("versions") as batch:
        batch.alter_column("order_seed", existing_type=sa.BigInteger(), server_default=None)
    with op.batch_alter_table("pages") as batch:
        batch.alter_column("kind", existing_type=sa.String(length=32), server_default=None)
        batch.alter_column("purpose", existing_type=sa.String(length=16), server_default=None)
    with op.batch_alter_table("page_stimuli") as batch:
        batch.alter_column("role", existing_type=sa.String(length=16), server_default=None)
    with op.batch_alter_table("ratings") as batch:
        batch.alter_column("unplayable", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:

    # What the older schema cannot hold goes: pages that rate nothing, or for practice; sounds that are only heard.
    op.execute("UPDATE pages SET item = NULL WHERE purpose IN ('step', 'practice')")
    op.execute("DELETE FROM events WHERE page_id IN (SELECT id FROM pages WHERE item IS NULL)")
    op.execute(
        "DELETE FROM ratings WHERE stimulus_token IN (SELECT token FROM page_stimuli WHERE role <> 'rated' "
        "OR page_id IN (SELECT id FROM pages WHERE item IS NULL))"
    )
    op.execute(
        "DELETE FROM events WHERE stimulus_token IN (SELECT token FROM page_stimuli WHERE role <> 'rated')"
    )
    op.drop_table("answers")
    op.drop_table("flags")
    op.execute(
        "DELETE FROM page_stimuli WHERE role <> 'rated' OR page_id IN (SELECT id FROM pages WHERE item IS NULL)"
    )
    op.execute("DELETE FROM pages WHERE item IS NULL")
    with op.batch_alter_table("ratings") as batch:
        batch.drop_column("unplayable")
    with op.batch_alter_table("page_stimuli") as batch:
        batch.drop_column("role")
        batch.create_unique_constraint("uq_page_stimuli_page_id_condition", ["page_id", "condition"])
    with op.batch_alter_table("pages") as batch:
        batch.drop_column("kind")
        batch.drop_column("purpose")
        batch.alter_column("item", existing_type=sa.String(length=200), nullable=False)
    with op.batch_alter_table("sessions") as batch:
        batch.drop_column("seat")
        batch.drop_column("active_at")
        batch.drop_column("consent_boxes")
    with op.batch_alter_table("versions") as batch:
        batch.drop_column("order_seed")
