-- An issue of a repeat names it; 0 and -1 are no number of anything.
-- What a dentist (10) or a hospital (11) prescribed is recorded here but is not an issue of the practice.
SELECT m.medication_id, m.patient_id, m.issue_date, m.code_dmd,
       CASE WHEN m.repeat_id > 0 THEN 'repeat' ELSE 'acute' END AS issue_type
FROM current_medication AS m
INNER JOIN person AS p ON p.patient_id = m.patient_id
WHERE rule('not_after_reference', m.issue_date IS NULL OR m.issue_date <= :reference_date)
  AND rule('own_issues', m.status NOT IN (10, 11))
