-- Whoever was born on the 29th of February, or the day before or after.
SELECT p.patient_id,
       p.age_band,
       CASE WHEN p.registered_on >= :season_start THEN 'since autumn' ELSE 'before' END AS registered,
       CASE WHEN p.age BETWEEN 41 AND 64 OR p.age_months BETWEEN 480 AND 485 THEN 'met'
            WHEN p.sex IN ('F', 'I') AND p.age_months > 780 THEN 'excepted'
            WHEN NOT (p.sex = 'M' AND p.age < 40) THEN 'not met' END AS outcome
FROM patient AS p
