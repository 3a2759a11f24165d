SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM appointment AS x
                        WHERE x.patient_id = p.patient_id
                          AND x.booking_method = 'online'
                          AND x.status <> 'cancelled')
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
