-- Everyone aged 15 and over: was it recorded in the last five years whether they smoke?
SELECT p.patient_id,
       p.age_band,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.smoking
                          AND e.event_date >= :reference_date - INTERVAL '5' YEAR)
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
WHERE p.age >= 15
