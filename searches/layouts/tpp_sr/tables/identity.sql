-- Address and telephone stand in tables that a search's extract has no need of.
SELECT v.patient_id, v.nhs_number, v.title, v.forename, v.surname, v.date_of_birth, CAST(NULL AS TEXT) AS address,
       CAST(NULL AS TEXT) AS postcode, CAST(NULL AS TEXT) AS phone, CAST(NULL AS TEXT) AS mobile, v.email
FROM (
    SELECT whole(r.RowIdentifier) AS patient_id, text_of(r.NHSNumber) AS nhs_number, text_of(r.Title) AS title,
           text_of(r.FirstName) AS forename, text_of(r.Surname) AS surname, on_day(r.DateBirth) AS date_of_birth,
           text_of(r.EmailAddress) AS email, r.RemovedData AS removed,
           ROW_NUMBER() OVER (PARTITION BY whole(r.RowIdentifier)
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.SRPatient AS r
    WHERE UPPER(TRIM(r.IDOrganisationVisibleTo)) = UPPER(:practice)
) AS v
WHERE v.version = 1 AND NOT flag(v.removed)
