-- A deleted patient takes all their rows along.
SELECT v.patient_id, v.born, v.died, v.sex, v.start_date, v.end_date, v.active
FROM (
    SELECT whole(r.PID) AS patient_id, on_day(r.DATE_OF_BIRTH) AS born, on_day(r.DATE_OF_DEATH) AS died,
           sex_of(r.SEX) AS sex,
           on_day(r.REGISTERED_DATE) AS start_date, on_day(r.REMOVED_DATE) AS end_date, UPPER(TRIM(r.ACTIVE)) AS active,
           UPPER(TRIM(r.ACTION)) AS action,
           ROW_NUMBER() OVER (PARTITION BY TRIM(r.SERVICE_ID), whole(r.PID)
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.patient AS r
    WHERE rule('own_service', is_service(r.SERVICE_ID))
      AND rule('deleted_after_latest', TRUE, COALESCE(UPPER(TRIM(r.ACTION)), '') <> 'D')
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_patient', COALESCE(v.action, '') <> 'D')
