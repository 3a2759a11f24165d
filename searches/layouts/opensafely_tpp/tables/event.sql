-- The database has no day of entry, no unit of a value and no problem.
SELECT e.event_id, e.patient_id, e.event_date, CAST(NULL AS DATE) AS recorded_date, e.code_snomed, e.code_ctv3, e.value,
       CAST(NULL AS TEXT) AS unit, months_apart(p.born, e.event_date) AS age_months,
       CAST(NULL AS TEXT) AS problem_status
FROM entry AS e
INNER JOIN person AS p ON p.patient_id = e.patient_id
WHERE rule('not_after_reference', e.event_date IS NULL OR e.event_date <= :reference_date)
