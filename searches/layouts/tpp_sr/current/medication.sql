SELECT v.medication_id, v.patient_id, v.issue_date, v.code_dmd, v.is_repeat, v.is_other, v.is_dental, v.is_hospital
FROM (
    SELECT whole(r.RowIdentifier) AS medication_id, whole(r.IDPatient) AS patient_id,
           COALESCE(on_day(r.DateMedicationStart), on_day(r.DateEvent)) AS issue_date,
           concept_of(r.IDMultiLexDMD) AS code_dmd, r.IsRepeatMedication AS is_repeat,
           r.IsOtherMedication AS is_other, r.IsDentalMedication AS is_dental,
           r.IsHospitalMedication AS is_hospital, r.RemovedData AS removed,
           ROW_NUMBER() OVER (PARTITION BY whole(r.RowIdentifier), UPPER(TRIM(r.IDOrganisationVisibleTo))
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.SRPrimaryCareMedication AS r
    WHERE rule('own_publisher', UPPER(TRIM(r.IDOrganisationVisibleTo)) = UPPER(:practice))
      AND rule('removed_after_latest', TRUE, NOT flag(r.RemovedData))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('removed_rows', NOT flag(v.removed))
