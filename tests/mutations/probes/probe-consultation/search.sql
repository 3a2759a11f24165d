SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM consultation AS c
                        WHERE c.patient_id = p.patient_id
                          AND c.consultation_date >= :reference_date - INTERVAL '1' MONTH)
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
