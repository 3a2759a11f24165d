SELECT r.referral_id, r.patient_id, r.referral_date, r.code_snomed, r.code_ctv3
FROM current_referral AS r
INNER JOIN person AS p ON p.patient_id = r.patient_id
WHERE rule('not_after_reference', r.referral_date IS NULL OR r.referral_date <= :reference_date)
