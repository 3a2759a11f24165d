-- A deleted patient takes all their rows along: the supplier sends no deletions for those.
SELECT v.patient_id, v.born, v.died, v.sex, v.start_date, v.end_date, v.patient_type, v.dummy, v.sensitive,
       v.confidential
FROM (
    SELECT guid(r.PatientGuid) AS patient_id, on_day(r.DateOfBirth) AS born, on_day(r.DateOfDeath) AS died,
           sex_of(r.Sex) AS sex, on_day(r.DateOfRegistration) AS start_date, on_day(r.DateOfDeactivation) AS end_date,
           rule('type_trimmed', LOWER(TRIM(r.PatientTypeDescription)), LOWER(r.PatientTypeDescription)) AS patient_type,
           r.DummyType AS dummy, r.SpineSensitive AS sensitive, r.IsConfidential AS confidential,
           r.Deleted AS deleted,
           ROW_NUMBER() OVER (PARTITION BY guid(r.OrganisationGuid), guid(r.PatientGuid)
                              ORDER BY r.delivery DESC, rule('processing_order', whole(r.ProcessingId), 0) DESC,
                                       r.row_in_delivery DESC) AS version
    FROM raw.Admin_Patient AS r
    WHERE guid(r.OrganisationGuid) IN (SELECT o.organisation_id FROM current_organisation AS o)
      AND rule('deleted_after_latest', TRUE, NOT flag(r.Deleted))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_patient', NOT flag(v.deleted))
