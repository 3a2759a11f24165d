SELECT r.Patient_ID AS patient_id, r.DateOfBirth AS born, day_of(r.DateOfDeath) AS died, sex_of(r.Sex) AS sex
FROM raw.Patient AS r
