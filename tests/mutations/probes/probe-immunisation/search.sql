SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM immunisation AS i
                        WHERE i.patient_id = p.patient_id
                          AND i.code IN codelist.smoking)
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
