"""field letters."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0005'
down_revision: str | None = '0004'
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:

    op.create_table('field_letters',
    sa.Column('field_action_id', sa.Uuid(), nullable=False),
    sa.Column('address', sa.LargeBinary(), nullable=False, comment='keyed digest of an address: nobody can read it'),
    sa.Column('delivery_id', sa.Uuid(), nullable=False, comment='whose letter goes there'),
    sa.PrimaryKeyConstraint('field_action_id', 'address', name=op.f('pk_field_letters')),
    comment='Two customers with one address are one person, who is written to once in a field action.'
    )
    op.add_column('deliveries', sa.Column('customer_id', sa.Uuid(), nullable=True, comment='a customer by their own id, of a field action'))



def downgrade() -> None:

    op.drop_column('deliveries', 'customer_id')
    op.drop_table('field_letters')

