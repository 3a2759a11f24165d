-- The dictionary says which product a Multilex drug is, or that it may be several.
SELECT r.MedicationIssue_ID AS medication_id, r.Patient_ID AS patient_id, event_day_of(r.ConsultationDate) AS issue_date,
       d.code_dmd, r.RepeatMedication_ID AS repeat_id, r.MedicationStatus AS status
FROM raw.MedicationIssue AS r
LEFT JOIN (
    SELECT text_of(m.MultilexDrug_ID) AS drug_id,
           MAX(rule('one_product', NULLIF(text_of(m.DMD_ID), 'MULTIPLE_DMD_MAPPING'), text_of(m.DMD_ID))) AS code_dmd
    FROM raw.MedicationDictionary AS m
    GROUP BY text_of(m.MultilexDrug_ID)
) AS d ON d.drug_id = text_of(r.MultilexDrug_ID)
