"""What is scrubbed when a customer is erased: every text that somebody wrote about them."""

from shared.database import sql

FORGET = (
    sql(
        "UPDATE timeline SET text = NULL WHERE complaint_id = ANY(CAST(:ids AS uuid[])) AND text IS NOT NULL"
    ),
    sql("UPDATE offers SET description = '[erased]' WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"),
    sql(
        "UPDATE cases SET result = CASE WHEN result IS NOT NULL THEN '[erased]' END, cause = NULL, impact = NULL, "
        "correction = CASE WHEN correction IS NOT NULL THEN '[erased]' END, "
        "first_value_reason = CASE WHEN first_value_reason IS NOT NULL THEN '[erased]' END "
        "WHERE id = ANY(CAST(:ids AS uuid[]))"
    ),
    sql("UPDATE visits SET purpose = '[erased]' WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"),
    sql(
        "UPDATE approvals SET reason = '[erased]', terms = terms - 'exact', "
        "answer = CASE WHEN answer IS NOT NULL THEN '[erased]' END "
        "WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"
    ),
    sql(
        "UPDATE contacts SET key_points = '{}', locked_point = CASE WHEN point_confirmed THEN '[erased]' END, "
        "summary = CASE WHEN summary_confirmed THEN '[erased]' END, positive_value = NULL "
        "WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"
    ),
    sql(
        "UPDATE disputes SET reason = '[erased]', answer = CASE WHEN answer IS NOT NULL THEN '[erased]' END, "
        "decision = CASE WHEN decision IS NOT NULL THEN '[erased]' END "
        "WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"
    ),
    sql("UPDATE scorecards SET comment = NULL WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"),
    sql("UPDATE improvement_complaints SET reason = NULL WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"),
    sql("UPDATE improvement_recurrences SET reason = NULL WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"),
    sql(
        "UPDATE improvements SET title = '[erased]', problem = '[erased]' "
        "WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"
    ),
    sql(
        "UPDATE improvement_orders SET title = '[erased]', problem = '[erased]' "
        "WHERE complaint_id = ANY(CAST(:ids AS uuid[]))"
    ),
)
"""Statements on the complaints `ids`; rows stay, so that counts survive."""
