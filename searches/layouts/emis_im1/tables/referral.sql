SELECT r.referral_id, o.patient_id, o.event_date AS referral_date, c.code_snomed, c.code_emis, c.code_read2
FROM current_referral AS r
INNER JOIN current_observation AS o ON o.event_id = r.referral_id
INNER JOIN person AS p ON p.patient_id = o.patient_id
LEFT JOIN current_clinical_code AS c ON c.code_id = o.code_id
WHERE rule('not_after_reference', o.event_date IS NULL OR o.event_date <= :reference_date)
  AND rule('confidential_rows', NOT flag(o.confidential))
