SELECT p.patient_id,
       p.sex,
       CASE WHEN p.imd_quintile = 1 THEN 'met' ELSE 'not met' END AS outcome
FROM patient AS p
