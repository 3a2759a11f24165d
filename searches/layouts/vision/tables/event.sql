SELECT COALESCE(h.event_id, j.journal_id) AS event_id, j.patient_id, j.entry_date AS event_date, j.recorded_date,
       CASE WHEN h.event_id IS NULL THEN j.code_snomed ELSE h.code_snomed END AS code_snomed,
       CASE WHEN h.event_id IS NULL THEN j.code_read2 ELSE h.code_read2 END AS code_read2,
       CASE WHEN h.event_id IS NULL THEN j.value1 ELSE h.value END AS value,
       CASE WHEN h.event_id IS NULL THEN j.units1 ELSE h.unit END AS unit,
       months_apart(p.born, j.entry_date) AS age_months,
       CASE WHEN j.subset = 'P' AND j.end_date <= :reference_date THEN 'past' WHEN j.subset = 'P' THEN 'active' END
           AS problem_status
FROM current_journal AS j
INNER JOIN person AS p ON p.patient_id = j.patient_id
LEFT JOIN half AS h ON h.journal_id = j.journal_id
WHERE rule('clinical_subsets', j.subset IN ('P', 'C', 'T', 'L', 'I'))
  AND rule('given_only', j.subset <> 'I' OR j.imms_status = 'given')
  AND rule('not_after_reference', j.entry_date IS NULL OR j.entry_date <= :reference_date)
