SELECT a.appointment_id, a.patient_id, a.start_date, a.booked_date, CAST(NULL AS TEXT) AS booking_method,
       CAST(NULL AS TEXT) AS mode, CAST(NULL AS TEXT) AS clinician_role,
       CASE WHEN a.status IN (2, 14) THEN 'dna'
            WHEN a.status IN (0, 5) THEN 'booked'
            WHEN a.status IN (1, 9) THEN 'arrived'
            WHEN a.status = 3 THEN 'in_progress'
            WHEN a.status = 4 THEN 'completed'
            WHEN a.status IN (10, 11, 12, 15) THEN 'cancelled'
            WHEN a.status = 16 THEN 'walked_out'
            ELSE 'other' END AS status
FROM current_appointment AS a
INNER JOIN person AS p ON p.patient_id = a.patient_id
WHERE rule('not_after_reference', a.start_date IS NULL OR a.start_date <= :reference_date)
  AND rule('own_appointments', a.organisation_id = :practice_number)
