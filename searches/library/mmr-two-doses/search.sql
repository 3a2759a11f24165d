-- Doses from the first birthday to the day before the fifth, given as an event or as an immunisation; days are counted, not rows.
WITH doses AS (
    SELECT v.patient_id, COUNT(DISTINCT v.given_on) AS days
    FROM (SELECT e.patient_id, e.event_date AS given_on
          FROM event AS e
          WHERE e.code IN codelist.mmr_vaccine
            AND e.age_months >= 12
            AND e.age_months <= 59
          UNION ALL
          SELECT i.patient_id, i.given_date AS given_on
          FROM immunisation AS i
          WHERE i.code IN codelist.mmr_vaccine
            AND i.age_months >= 12
            AND i.age_months <= 59) AS v
    GROUP BY v.patient_id
)
SELECT p.patient_id,
       p.sex,
       CASE
           WHEN d.days >= 2 THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
LEFT JOIN doses AS d ON d.patient_id = p.patient_id
-- Children who are five years old.
WHERE p.age_months >= 60
  AND p.age_months <= 71
