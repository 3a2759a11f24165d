SELECT v.registration_id, v.patient_id, v.start_date, v.end_date, v.status, v.organisation_id, v.publisher_id
FROM (
    SELECT whole(r.RowIdentifier) AS registration_id, whole(r.IDPatient) AS patient_id,
           on_day(r.DateRegistration) AS start_date, on_day(r.DateDeRegistration) AS end_date,
           text_of(r.RegistrationStatus) AS status, text_of(r.IDOrganisation) AS organisation_id,
           text_of(r.IDOrganisationVisibleTo) AS publisher_id, r.RemovedData AS removed,
           ROW_NUMBER() OVER (PARTITION BY whole(r.RowIdentifier), UPPER(TRIM(r.IDOrganisationVisibleTo))
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.SRPatientRegistration AS r
    WHERE rule('own_publisher', UPPER(TRIM(r.IDOrganisationVisibleTo)) = UPPER(:practice))
      AND rule('removed_after_latest', TRUE, NOT flag(r.RemovedData))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('removed_rows', NOT flag(v.removed))
