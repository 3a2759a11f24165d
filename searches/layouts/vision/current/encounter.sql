SELECT v.consultation_id, v.patient_id, v.consultation_date
FROM (
    SELECT whole(r.ID) AS consultation_id, whole(r.PID) AS patient_id, on_day(r."DATE") AS consultation_date,
           UPPER(TRIM(r.ACTION)) AS action,
           ROW_NUMBER() OVER (PARTITION BY TRIM(r.SERVICE_ID), whole(r.PID), whole(r.ID)
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.encounter AS r
    WHERE rule('own_service', is_service(r.SERVICE_ID))
      AND rule('deleted_after_latest', TRUE, COALESCE(UPPER(TRIM(r.ACTION)), '') <> 'D')
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_rows', COALESCE(v.action, '') <> 'D')
