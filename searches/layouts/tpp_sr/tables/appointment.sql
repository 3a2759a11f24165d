SELECT a.appointment_id, a.patient_id, a.start_date, a.booked_date, CAST(NULL AS TEXT) AS booking_method,
       CASE WHEN flag(a.telephone) THEN 'telephone' END AS mode, CAST(NULL AS TEXT) AS clinician_role,
       CASE WHEN a.status LIKE 'did not attend%' OR a.status LIKE 'no access visit%' THEN 'dna'
            WHEN a.status LIKE 'booked%' THEN 'booked'
            WHEN a.status LIKE 'arrived%' OR a.status LIKE 'waiting%' THEN 'arrived'
            WHEN a.status LIKE 'in progress%' THEN 'in_progress'
            WHEN a.status LIKE 'finished%' THEN 'completed'
            WHEN a.status LIKE 'cancelled%' OR a.status LIKE 'rejected%' THEN 'cancelled'
            WHEN a.status LIKE 'patient walked out%' THEN 'walked_out'
            ELSE 'other' END AS status
FROM (
    SELECT r.appointment_id, r.patient_id, r.start_date, r.booked_date, r.telephone, r.organisation_id, r.publisher_id,
           LOWER(COALESCE(t.list_text, r.status)) AS status
    FROM current_appointment AS r
    LEFT JOIN current_list_text AS t ON t.list_id = r.status
) AS a
INNER JOIN person AS p ON p.patient_id = a.patient_id
WHERE rule('not_after_reference', a.start_date IS NULL OR a.start_date <= :reference_date)
  AND rule('own_activity', is_own(a.organisation_id, a.publisher_id))
