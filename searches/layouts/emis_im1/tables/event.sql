SELECT o.event_id, o.patient_id, o.event_date, o.recorded_date, c.code_snomed, c.code_emis, c.code_read2, o.value,
       o.unit, months_apart(p.born, o.event_date) AS age_months,
       CASE WHEN r.status LIKE 'active%' THEN 'active' WHEN r.status <> '' THEN 'past' END AS problem_status
FROM current_observation AS o
INNER JOIN person AS p ON p.patient_id = o.patient_id
LEFT JOIN current_clinical_code AS c ON c.code_id = o.code_id
LEFT JOIN current_problem AS r ON r.event_id = o.event_id
WHERE rule('not_after_reference', o.event_date IS NULL OR o.event_date <= :reference_date)
  AND rule('confidential_rows', NOT flag(o.confidential))
