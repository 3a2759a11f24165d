SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM medication AS m
                        WHERE m.patient_id = p.patient_id
                          AND NOT m.code IN codelist.statin)
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
