-- Nothing in the database says who a patient is.
SELECT r.Patient_ID AS patient_id, CAST(NULL AS TEXT) AS nhs_number, CAST(NULL AS TEXT) AS title,
       CAST(NULL AS TEXT) AS forename, CAST(NULL AS TEXT) AS surname, CAST(NULL AS DATE) AS date_of_birth,
       CAST(NULL AS TEXT) AS address, CAST(NULL AS TEXT) AS postcode, CAST(NULL AS TEXT) AS phone,
       CAST(NULL AS TEXT) AS mobile, CAST(NULL AS TEXT) AS email
FROM raw.Patient AS r
