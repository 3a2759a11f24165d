"""The database itself refuses to change or delete a result, a figure or an event."""

from django.db import migrations

TABLES = ("result", "figure", "event")


def trigger(table: str, action: str) -> migrations.RunSQL:
    name = f"hub_{table}_no_{action}"
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE {action.upper()} ON hub_{table} "
        f"BEGIN SELECT RAISE(ABORT, 'a {table} is written once'); END",
        f"DROP TRIGGER {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("hub", "0001_initial")]
    operations = [trigger(table, action) for table in TABLES for action in ("update", "delete")]
