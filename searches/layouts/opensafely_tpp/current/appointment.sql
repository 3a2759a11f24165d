-- Exact duplicates of a row occur.
SELECT v.appointment_id, v.patient_id, v.organisation_id, v.start_date, v.booked_date, v.status
FROM (
    SELECT r.Appointment_ID AS appointment_id, r.Patient_ID AS patient_id, r.Organisation_ID AS organisation_id,
           day_of(r.StartDate) AS start_date, day_of(r.BookedDate) AS booked_date, r.Status AS status,
           ROW_NUMBER() OVER (PARTITION BY r.Appointment_ID, r.Patient_ID, r.Organisation_ID, r.StartDate, r.BookedDate,
                                           r.Status
                              ORDER BY r.Appointment_ID) AS copy
    FROM raw.Appointment AS r
) AS v
WHERE rule('exact_duplicates', v.copy = 1)
