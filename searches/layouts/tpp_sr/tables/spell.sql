-- One row per patient with a GMS registration at this practice that is open on the reference date: the latest start.
SELECT s.patient_id, MAX(s.start_date) AS registered_on
FROM (
    SELECT r.patient_id, r.start_date, r.end_date, r.organisation_id, r.publisher_id,
           REPLACE(REPLACE(COALESCE(t.list_text, r.status), ', ', ','), ' ,', ',') AS status
    FROM current_registration AS r
    LEFT JOIN current_list_text AS t ON t.list_id = r.status
) AS s
WHERE rule('own_registrations', is_own(s.organisation_id, s.publisher_id))
  AND rule('gms_only', rule('status_is_a_list',
                            ',' || s.status || ',' LIKE '%,GMS,%' OR ',' || s.status || ',' LIKE '%,Standard,%',
                            s.status IN ('GMS', 'Standard')))
  AND rule('start_by_reference', s.start_date <= :reference_date)
  AND rule('left_is_out', s.end_date IS NULL
           OR rule('end_day_is_out', s.end_date > :reference_date, s.end_date >= :reference_date))
GROUP BY s.patient_id
