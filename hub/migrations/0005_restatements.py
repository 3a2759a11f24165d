"""A period may be restated once: two results of a practice, agreement and date, the second naming the first.

SQLite makes a table anew when its constraints change, and loses its triggers: those of results are made again.
"""

import django.db.models.deletion
from django.db import migrations, models

PERIOD = ("practice", "agreement", "reference_date")


MAKE, DROP = (
    [
        f"CREATE TRIGGER IF NOT EXISTS hub_result_no_{action} BEFORE {action.upper()} ON hub_result "
        "BEGIN SELECT RAISE(ABORT, 'a result is written once'); END"
        for action in ("update", "delete")
    ],
    [f"DROP TRIGGER IF EXISTS hub_result_no_{action}" for action in ("update", "delete")],
)


class Migration(migrations.Migration):
    dependencies = [("hub", "0004_suspension")]
    operations = [
        migrations.RunSQL(DROP, MAKE),
        migrations.RemoveConstraint("result", "one_result_per_practice_agreement_period"),
        migrations.AddField("result", "profile", models.CharField(blank=True, default="", max_length=80), False),
        migrations.AddField("result", "reason", models.CharField(blank=True, default="", max_length=40), False),
        migrations.AddField(
            "result",
            "restates",
            models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="restatement",
                to="hub.result",
            ),
        ),
        migrations.AddConstraint(
            "result",
            models.UniqueConstraint(
                condition=models.Q(("restates", None)), fields=PERIOD, name="one_result_per_period"
            ),
        ),
        migrations.AddConstraint(
            "result",
            models.UniqueConstraint(
                condition=models.Q(("restates__isnull", False)), fields=PERIOD, name="one_restatement_per_period"
            ),
        ),
        migrations.AddConstraint(
            "result",
            models.CheckConstraint(
                condition=models.Q(("reason", ""), ("restates", None))
                | (models.Q(("restates__isnull", False)) & models.Q(("reason", ""), _negated=True)),
                name="a_restatement_says_why",
            ),
        ),
        migrations.RunSQL(MAKE, DROP),
    ]
