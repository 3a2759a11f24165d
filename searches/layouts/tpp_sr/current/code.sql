-- The number is a placeholder (0, -1) where the entry is not numeric; it is a 32-bit float, read to three decimals.
SELECT v.event_id, v.patient_id, v.event_date, v.recorded_date, v.code_ctv3, v.code_snomed, v.value, v.unit,
       v.organisation_id, v.publisher_id
FROM (
    SELECT whole(r.RowIdentifier) AS event_id, whole(r.IDPatient) AS patient_id, on_day(r.DateEvent) AS event_date,
           on_day(r.DateEventRecorded) AS recorded_date, text_of(r.CTV3Code) AS code_ctv3,
           concept_of(r.SNOMEDCode) AS code_snomed,
           rule('is_numeric', CASE WHEN flag(r.IsNumeric) THEN decimal_of(r.NumericValue) END,
                decimal_of(r.NumericValue)) AS value,
           text_of(r.NumericUnit) AS unit, text_of(r.IDOrganisation) AS organisation_id,
           text_of(r.IDOrganisationVisibleTo) AS publisher_id, r.RemovedData AS removed,
           ROW_NUMBER() OVER (PARTITION BY whole(r.RowIdentifier), UPPER(TRIM(r.IDOrganisationVisibleTo))
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.SRCode AS r
    WHERE rule('own_publisher', UPPER(TRIM(r.IDOrganisationVisibleTo)) = UPPER(:practice))
      AND rule('removed_after_latest', TRUE, NOT flag(r.RemovedData))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('removed_rows', NOT flag(v.removed))
