-- Acute therapy and each issue of a repeat; the repeat master (R) only authorises.
SELECT j.journal_id AS medication_id, j.patient_id, j.entry_date AS issue_date, j.code_dmd,
       CASE WHEN j.subset = 'A' THEN 'acute' WHEN j.subset = 'S' THEN 'repeat' ELSE 'other' END AS issue_type
FROM current_journal AS j
INNER JOIN person AS p ON p.patient_id = j.patient_id
WHERE rule('issues_only', j.subset IN ('A', 'S'), j.subset IN ('A', 'S', 'R'))
  AND rule('not_after_reference', j.entry_date IS NULL OR j.entry_date <= :reference_date)
