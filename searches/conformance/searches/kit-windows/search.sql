-- A month after 31 January is the last of February; an interval on nothing is nothing.
WITH red AS (
    SELECT e.patient_id, MIN(e.event_date) AS day FROM event AS e WHERE e.code IN codelist.kit_red
    GROUP BY e.patient_id
),
blue AS (
    SELECT e.patient_id, MAX(e.event_date) AS day FROM event AS e WHERE e.code IN codelist.kit_blue
    GROUP BY e.patient_id
)
SELECT p.patient_id,
       CASE WHEN r.day IS NULL OR b.day IS NULL THEN 'no pair'
            WHEN b.day < r.day + INTERVAL '1' MONTH THEN 'before'
            WHEN b.day <= r.day + INTERVAL '1' MONTH THEN 'a month on'
            ELSE 'later' END AS pair,
       CASE WHEN b.day IS NULL THEN 'no blue'
            WHEN b.day > :reference_date - INTERVAL '6' MONTH THEN 'in the window'
            WHEN b.day >= :reference_date - INTERVAL '1' YEAR - INTERVAL '1' DAY THEN 'on its edge'
            ELSE 'outside' END AS since,
       CASE WHEN b.day - INTERVAL '30' DAY > r.day THEN 'met'
            WHEN b.day - INTERVAL '1' MONTH <= r.day + INTERVAL '2' DAY THEN 'not met'
            WHEN p.registered_on + INTERVAL '12' MONTH > :period_start THEN 'excepted' END AS outcome
FROM patient AS p
LEFT JOIN red AS r ON r.patient_id = p.patient_id
LEFT JOIN blue AS b ON b.patient_id = p.patient_id
