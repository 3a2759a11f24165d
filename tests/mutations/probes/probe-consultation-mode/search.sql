SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM consultation AS x
                        WHERE x.patient_id = p.patient_id
                          AND x.mode = 'telephone')
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
