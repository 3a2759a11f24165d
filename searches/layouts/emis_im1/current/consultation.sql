SELECT v.consultation_id, v.patient_id, v.consultation_date, v.confidential
FROM (
    SELECT guid(r.ConsultationGuid) AS consultation_id, guid(r.PatientGuid) AS patient_id,
           precise_day(r.EffectiveDate, r.EffectiveDatePrecision) AS consultation_date,
           r.IsConfidential AS confidential, r.Deleted AS deleted,
           ROW_NUMBER() OVER (PARTITION BY guid(r.OrganisationGuid), guid(r.ConsultationGuid)
                              ORDER BY r.delivery DESC, rule('processing_order', whole(r.ProcessingId), 0) DESC,
                                       r.row_in_delivery DESC) AS version
    FROM raw.CareRecord_Consultation AS r
    WHERE guid(r.OrganisationGuid) IN (SELECT o.organisation_id FROM current_organisation AS o)
      AND rule('deleted_after_latest', TRUE, NOT flag(r.Deleted))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_rows', NOT flag(v.deleted))
