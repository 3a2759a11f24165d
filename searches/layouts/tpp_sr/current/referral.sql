SELECT v.referral_id, v.patient_id, v.referral_date, v.code_ctv3, v.code_snomed
FROM (
    SELECT whole(r.RowIdentifier) AS referral_id, whole(r.IDPatient) AS patient_id,
           on_day(r.DateEvent) AS referral_date, text_of(r.PrimaryDiagnosis) AS code_ctv3,
           concept_of(r.SNOMEDPrimaryDiagnosis) AS code_snomed, r.RemovedData AS removed,
           ROW_NUMBER() OVER (PARTITION BY whole(r.RowIdentifier), UPPER(TRIM(r.IDOrganisationVisibleTo))
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.SRReferralOut AS r
    WHERE rule('own_publisher', UPPER(TRIM(r.IDOrganisationVisibleTo)) = UPPER(:practice))
      AND rule('removed_after_latest', TRUE, NOT flag(r.RemovedData))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('removed_rows', NOT flag(v.removed))
