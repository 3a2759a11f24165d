-- Did not attend is asked first; the times decide where the version of the extract has no status.
SELECT s.appointment_id, s.patient_id, s.start_date, s.booked_date,
       CASE WHEN s.booking_method LIKE '%online%' THEN 'online' WHEN s.booking_method <> '' THEN 'practice' END
           AS booking_method,
       CASE WHEN s.mode = 'face to face' THEN 'face_to_face' WHEN s.mode = 'telephone' THEN 'telephone'
            WHEN s.mode = 'video' THEN 'video' WHEN s.mode = 'home visit' THEN 'home_visit'
            WHEN s.mode <> '' THEN 'other' END AS mode,
       CAST(NULL AS TEXT) AS clinician_role,
       CASE WHEN rule('did_not_attend', flag(s.did_not_attend), FALSE) THEN 'dna'
            WHEN s.slot_status IN ('dna', 'did not attend') THEN 'dna'
            WHEN s.slot_status = 'arrived' THEN 'arrived'
            WHEN s.slot_status IN ('in progress', 'sent in') THEN 'in_progress'
            WHEN s.slot_status IN ('left', 'finished') THEN 'completed'
            WHEN s.slot_status = 'cancelled' THEN 'cancelled'
            WHEN s.slot_status IN ('walked out', 'patient walked out') THEN 'walked_out'
            WHEN s.slot_status = 'booked' THEN 'booked'
            WHEN rule('left_time', s.left_time IS NOT NULL, FALSE) THEN 'completed'
            WHEN s.sent_in_time IS NOT NULL THEN 'in_progress'
            ELSE 'booked' END AS status
FROM current_slot AS s
INNER JOIN person AS p ON p.patient_id = s.patient_id
WHERE rule('not_after_reference', s.start_date IS NULL OR s.start_date <= :reference_date)
