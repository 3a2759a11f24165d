-- Full GMS registrations only, at any practice; one that is open ends on the last day of the year 9999.
SELECT r.Registration_ID AS registration_id, r.Patient_ID AS patient_id, r.Organisation_ID AS organisation_id,
       day_of(r.StartDate) AS start_date, day_of(r.EndDate) AS end_date, CAST(r.EndDate AS DATE) AS last_date
FROM raw.RegistrationHistory AS r
