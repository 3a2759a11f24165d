SELECT j.journal_id AS immunisation_id, j.patient_id, j.entry_date AS given_date, j.code_snomed, j.code_read2,
       months_apart(p.born, j.entry_date) AS age_months
FROM current_journal AS j
INNER JOIN person AS p ON p.patient_id = j.patient_id
WHERE j.subset = 'I'
  AND rule('given_only', j.imms_status = 'given')
  AND rule('not_after_reference', j.entry_date IS NULL OR j.entry_date <= :reference_date)
