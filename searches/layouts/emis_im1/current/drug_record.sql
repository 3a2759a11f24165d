SELECT v.drug_record_id, v.prescription_type
FROM (
    SELECT guid(r.DrugRecordGuid) AS drug_record_id, LOWER(TRIM(r.PrescriptionType)) AS prescription_type,
           r.Deleted AS deleted,
           ROW_NUMBER() OVER (PARTITION BY guid(r.OrganisationGuid), guid(r.DrugRecordGuid)
                              ORDER BY r.delivery DESC, rule('processing_order', whole(r.ProcessingId), 0) DESC,
                                       r.row_in_delivery DESC) AS version
    FROM raw.Prescribing_DrugRecord AS r
    WHERE guid(r.OrganisationGuid) IN (SELECT o.organisation_id FROM current_organisation AS o)
      AND rule('deleted_after_latest', TRUE, NOT flag(r.Deleted))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_rows', NOT flag(v.deleted))
