SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM appointment AS a
                        WHERE a.patient_id = p.patient_id
                          AND a.mode = 'telephone'
                          AND a.status = 'completed'
                          AND a.start_date >= :period_start)
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
