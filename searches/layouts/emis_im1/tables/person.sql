-- Currently registered at the reference date, alive, no test patient, and not withheld as sensitive or confidential.
SELECT p.patient_id, p.born, months_apart(p.born, :reference_date) AS age_months, p.sex, p.start_date AS registered_on
FROM current_patient AS p
WHERE rule('regular_only', p.patient_type IN ('regular', 'gms'))
  AND rule('start_by_reference', p.start_date <= :reference_date)
  AND rule('left_is_out', p.end_date IS NULL
           OR rule('end_day_is_out', p.end_date > :reference_date, p.end_date >= :reference_date))
  AND rule('dead_is_out', p.died IS NULL OR p.died > :reference_date)
  AND rule('test_patient', NOT flag(p.dummy) AND p.patient_type <> 'dummy')
  AND rule('sensitive_patient', NOT flag(p.sensitive))
  AND rule('confidential_patient', NOT flag(p.confidential))
