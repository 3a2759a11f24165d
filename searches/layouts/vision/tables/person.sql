-- ACTIVE is registration type and state in one: L left and D dead overwrite what the type was, so that only the dates
-- say whether someone who has left since was registered on an earlier day. Left or dead on no known date: out.
SELECT p.patient_id, p.born, months_apart(p.born, :reference_date) AS age_months, p.sex, p.start_date AS registered_on
FROM current_patient AS p
WHERE rule('active_types', rule('left_since_counts', p.active IN ('R', 'L', 'D'), p.active = 'R'))
  AND rule('start_by_reference', p.start_date <= :reference_date)
  AND rule('left_is_out', p.end_date IS NULL
           OR rule('end_day_is_out', p.end_date > :reference_date, p.end_date >= :reference_date))
  AND rule('left_undated_is_out', NOT (p.active = 'L' AND p.end_date IS NULL))
  AND rule('dead_is_out', p.died IS NULL OR p.died > :reference_date)
  AND rule('dead_undated_is_out', NOT (p.active = 'D' AND p.died IS NULL))
