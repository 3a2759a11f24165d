-- Everyone aged 65 and over: was the rhythm of the pulse recorded in the last five years?
SELECT p.patient_id,
       p.age_band,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.pulse_rhythm
                          AND e.event_date >= :reference_date - INTERVAL '5' YEAR)
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
WHERE p.age >= 65
