"""The statistics of distributions, written once as the figures are."""

import django.db.models.deletion
from django.db import migrations, models


def written_once(action: str) -> migrations.RunSQL:
    name = f"hub_description_no_{action}"
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE {action.upper()} ON hub_description "
        "BEGIN SELECT RAISE(ABORT, 'a description is written once'); END",
        f"DROP TRIGGER {name}",
    )


def to(model: str) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name="descriptions", to=f"hub.{model}"
    )


class Migration(migrations.Migration):
    dependencies = [("hub", "0005_restatements")]
    operations = [
        migrations.CreateModel(
            name="Description",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference_date", models.DateField()),
                ("statistics", models.JSONField()),
                ("result", to("result")),
                ("search", to("publishedsearch")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["search", "reference_date"], name="descriptions_of_a_comparison")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("result", "search"), name="one_description_per_result_and_search")
                ],
            },
        ),
        written_once("update"),
        written_once("delete"),
    ]
