-- Someone whom the configuration's content filter dropped is nobody, with all their rows.
SELECT v.patient_id, v.born, v.died, v.sex, v.test
FROM (
    SELECT whole(r.RowIdentifier) AS patient_id, on_day(r.DateBirth) AS born, on_day(r.DateDeath) AS died,
           sex_of(r.Gender) AS sex, r.TestPatient AS test, r.RemovedData AS removed,
           ROW_NUMBER() OVER (PARTITION BY whole(r.RowIdentifier), UPPER(TRIM(r.IDOrganisationVisibleTo))
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.SRPatient AS r
    WHERE rule('own_publisher', UPPER(TRIM(r.IDOrganisationVisibleTo)) = UPPER(:practice))
      AND rule('removed_after_latest', TRUE, NOT flag(r.RemovedData))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('removed_patient', NOT flag(v.removed))
  AND rule('content_filter', v.patient_id NOT IN (
        SELECT whole(f.IDPatient) FROM raw.SRPatientRemovedByContentFilter AS f WHERE whole(f.IDPatient) IS NOT NULL))
