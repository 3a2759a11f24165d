-- Currently registered at the reference date and alive. Nothing marks a test patient.
SELECT p.patient_id, p.born, months_apart(p.born, :reference_date) AS age_months, p.sex, s.registered_on
FROM current_patient AS p
INNER JOIN spell AS s ON s.patient_id = p.patient_id
WHERE rule('dead_is_out', p.died IS NULL OR p.died > :reference_date)
