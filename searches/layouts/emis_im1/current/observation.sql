SELECT v.event_id, v.patient_id, v.event_date, v.recorded_date, v.code_id, v.value, v.unit, v.confidential
FROM (
    SELECT guid(r.ObservationGuid) AS event_id, guid(r.PatientGuid) AS patient_id,
           precise_day(r.EffectiveDate, r.EffectiveDatePrecision) AS event_date,
           on_day(r.EnteredDate) AS recorded_date, key_of(r.CodeId) AS code_id, decimal_of(r.Value) AS value,
           r.NumericUnit AS unit, r.IsConfidential AS confidential, r.Deleted AS deleted,
           ROW_NUMBER() OVER (PARTITION BY guid(r.OrganisationGuid), guid(r.ObservationGuid)
                              ORDER BY r.delivery DESC, rule('processing_order', whole(r.ProcessingId), 0) DESC,
                                       r.row_in_delivery DESC) AS version
    FROM raw.CareRecord_Observation AS r
    WHERE guid(r.OrganisationGuid) IN (SELECT o.organisation_id FROM current_organisation AS o)
      AND rule('deleted_after_latest', TRUE, NOT flag(r.Deleted))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_rows', NOT flag(v.deleted))
