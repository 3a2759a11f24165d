SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM medication AS x
                        WHERE x.patient_id = p.patient_id
                          AND x.issue_type = 'acute')
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
