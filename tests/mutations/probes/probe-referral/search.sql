SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1 FROM referral AS r WHERE r.patient_id = p.patient_id) THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
