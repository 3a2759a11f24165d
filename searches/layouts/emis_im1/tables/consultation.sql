SELECT c.consultation_id, c.patient_id, c.consultation_date, CAST(NULL AS TEXT) AS mode
FROM current_consultation AS c
INNER JOIN person AS p ON p.patient_id = c.patient_id
WHERE rule('not_after_reference', c.consultation_date IS NULL OR c.consultation_date <= :reference_date)
  AND rule('confidential_rows', NOT flag(c.confidential))
