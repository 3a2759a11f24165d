SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.diabetes
                          AND e.event_date IS NULL)
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
