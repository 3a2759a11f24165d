SELECT v.medication_id, v.patient_id, v.issue_date, v.code_id, v.drug_record_id, v.confidential
FROM (
    SELECT guid(r.IssueRecordGuid) AS medication_id, guid(r.PatientGuid) AS patient_id,
           precise_day(r.EffectiveDate, r.EffectiveDatePrecision) AS issue_date, key_of(r.CodeId) AS code_id,
           guid(r.DrugRecordGuid) AS drug_record_id, r.IsConfidential AS confidential, r.Deleted AS deleted,
           ROW_NUMBER() OVER (PARTITION BY guid(r.OrganisationGuid), guid(r.IssueRecordGuid)
                              ORDER BY r.delivery DESC, rule('processing_order', whole(r.ProcessingId), 0) DESC,
                                       r.row_in_delivery DESC) AS version
    FROM raw.Prescribing_IssueRecord AS r
    WHERE guid(r.OrganisationGuid) IN (SELECT o.organisation_id FROM current_organisation AS o)
      AND rule('deleted_after_latest', TRUE, NOT flag(r.Deleted))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_rows', NOT flag(v.deleted))
