-- What a hospital, a dentist or another source prescribed is recorded here but is not an issue of the practice.
SELECT m.medication_id, m.patient_id, m.issue_date, m.code_dmd,
       CASE WHEN flag(m.is_repeat) THEN 'repeat' ELSE 'acute' END AS issue_type
FROM current_medication AS m
INNER JOIN person AS p ON p.patient_id = m.patient_id
WHERE rule('not_after_reference', m.issue_date IS NULL OR m.issue_date <= :reference_date)
  AND rule('own_issues', NOT flag(m.is_other) AND NOT flag(m.is_dental) AND NOT flag(m.is_hospital))
