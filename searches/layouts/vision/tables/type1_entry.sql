-- Whatever the reference date.
SELECT j.patient_id, j.entry_date, j.code_snomed, j.code_read2
FROM current_journal AS j
WHERE j.subset IN ('P', 'C', 'T', 'L', 'I')
