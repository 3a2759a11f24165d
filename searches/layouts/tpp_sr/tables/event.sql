-- What other organisations typed in and this practice can see counts: these are clinical facts.
SELECT c.event_id, c.patient_id, c.event_date, c.recorded_date, c.code_snomed, c.code_ctv3, c.value, c.unit,
       months_apart(p.born, c.event_date) AS age_months, s.problem_status
FROM current_code AS c
INNER JOIN person AS p ON p.patient_id = c.patient_id
LEFT JOIN (
    SELECT r.event_id, CASE WHEN MAX(CASE WHEN r.end_date <= :reference_date THEN 0 ELSE 1 END) = 1
                            THEN 'active' ELSE 'past' END AS problem_status
    FROM current_problem AS r
    GROUP BY r.event_id
) AS s ON s.event_id = c.event_id
WHERE rule('not_after_reference', c.event_date IS NULL OR c.event_date <= :reference_date)
  AND rule('shared_facts', TRUE, is_own(c.organisation_id, c.publisher_id))
