-- A consultation belongs to a registration; during one at another practice it was none of this one's.
SELECT c.consultation_id, c.patient_id, c.consultation_date, CAST(NULL AS TEXT) AS mode
FROM current_consultation AS c
INNER JOIN person AS p ON p.patient_id = c.patient_id
WHERE rule('not_after_reference', c.consultation_date IS NULL OR c.consultation_date <= :reference_date)
  AND rule('own_consultations', c.registration_id NOT IN (
        SELECT s.registration_id FROM current_registration AS s WHERE s.organisation_id <> :practice_number))
