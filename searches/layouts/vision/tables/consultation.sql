SELECT c.consultation_id, c.patient_id, c.consultation_date, CAST(NULL AS TEXT) AS mode
FROM current_encounter AS c
INNER JOIN person AS p ON p.patient_id = c.patient_id
WHERE rule('not_after_reference', c.consultation_date IS NULL OR c.consultation_date <= :reference_date)
