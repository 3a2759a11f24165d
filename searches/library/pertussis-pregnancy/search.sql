-- The latest delivery of the last 12 months.
WITH delivery AS (
    SELECT e.patient_id, MAX(e.event_date) AS delivered_on
    FROM event AS e
    WHERE e.code IN codelist.delivery
      AND e.event_date >= :reference_date - INTERVAL '12' MONTH
    GROUP BY e.patient_id
),
-- Whooping cough vaccine, given as an event or as an immunisation, in the 168 days (24 weeks) up to that delivery.
vaccinated AS (
    SELECT d.patient_id, COUNT(*) AS doses
    FROM delivery AS d
    JOIN (SELECT e.patient_id, e.event_date AS given_on
          FROM event AS e
          WHERE e.code IN codelist.pertussis_vaccine
          UNION ALL
          SELECT i.patient_id, i.given_date AS given_on
          FROM immunisation AS i
          WHERE i.code IN codelist.pertussis_vaccine) AS v ON v.patient_id = d.patient_id
    WHERE v.given_on >= d.delivered_on - INTERVAL '168' DAY
      AND v.given_on <= d.delivered_on
    GROUP BY d.patient_id
)
SELECT p.patient_id,
       p.age_band,
       CASE
           WHEN v.patient_id IS NOT NULL THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
JOIN delivery AS d ON d.patient_id = p.patient_id
LEFT JOIN vaccinated AS v ON v.patient_id = p.patient_id
-- Registered here when the baby was born; and not the baby, whose own record may hold a code of the birth.
WHERE p.registered_on <= d.delivered_on
  AND p.age >= 12
