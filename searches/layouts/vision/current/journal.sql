-- Everything clinical, drugs and immunisations included; SUBSET says which. An id is the supplier's, times ten.
SELECT v.journal_id, v.patient_id, v.entry_date, v.recorded_date, v.code_read2, v.code_snomed, v.code_dmd,
       v.imms_status, v.entity, v.value1, v.units1, v.value2, v.units2, v.end_date, v.subset
FROM (
    SELECT whole(r.ID) * 10 AS journal_id, whole(r.PID) AS patient_id, on_day(r."DATE") AS entry_date,
           on_day(r.RECORDED_DATE) AS recorded_date,
           rule('read_term_code', SUBSTRING(text_of(r.CODE), 1, 5), text_of(r.CODE)) AS code_read2,
           text_of(r.SNOMED_CODE) AS code_snomed, text_of(r.DMD_CODE) AS code_dmd,
           LOWER(TRIM(r.IMMS_STATUS)) AS imms_status, UPPER(TRIM(r.ENTITY)) AS entity,
           decimal_of(r.VALUE1) AS value1, r.VALUE1_UNITS AS units1, decimal_of(r.VALUE2) AS value2,
           r.VALUE2_UNITS AS units2, on_day(r.END_DATE) AS end_date, UPPER(TRIM(r.SUBSET)) AS subset,
           UPPER(TRIM(r.ACTION)) AS action,
           ROW_NUMBER() OVER (PARTITION BY TRIM(r.SERVICE_ID), whole(r.PID), whole(r.ID)
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.journal AS r
    WHERE rule('own_service', is_service(r.SERVICE_ID))
      AND rule('deleted_after_latest', TRUE, COALESCE(UPPER(TRIM(r.ACTION)), '') <> 'D')
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_rows', COALESCE(v.action, '') <> 'D')
