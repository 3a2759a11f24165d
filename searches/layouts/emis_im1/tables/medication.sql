SELECT i.medication_id, i.patient_id, i.issue_date, c.code_dmd,
       CASE WHEN d.prescription_type = 'acute' THEN 'acute' WHEN d.prescription_type <> '' THEN 'repeat'
            ELSE 'other' END AS issue_type
FROM current_issue AS i
INNER JOIN person AS p ON p.patient_id = i.patient_id
LEFT JOIN current_drug_code AS c ON c.code_id = i.code_id
LEFT JOIN current_drug_record AS d ON d.drug_record_id = i.drug_record_id
WHERE rule('not_after_reference', i.issue_date IS NULL OR i.issue_date <= :reference_date)
  AND rule('confidential_rows', NOT flag(i.confidential))
