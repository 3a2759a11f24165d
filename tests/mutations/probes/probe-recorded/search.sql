SELECT p.patient_id,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.smoking
                          AND e.recorded_date >= :reference_date - INTERVAL '12' MONTH)
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
