-- A value comes as it was recorded, to three decimals; the greatest of somebody with several entries is a number of them.
WITH sizes AS (
    SELECT e.patient_id, e.value,
           ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_date DESC, e.event_id DESC) AS newest
    FROM event AS e
    WHERE e.code IN codelist.kit_size AND e.value IS NOT NULL
),
entries AS (
    SELECT e.patient_id, MAX(e.value) AS greatest
    FROM event AS e
    WHERE e.code IN codelist.kit_size
    GROUP BY e.patient_id
)
SELECT p.patient_id,
       CASE WHEN l.value IS NULL THEN 'not met' ELSE 'met' END AS outcome,
       CASE WHEN p.sex = 'F' THEN n.greatest ELSE l.value END AS value
FROM patient AS p
LEFT JOIN sizes AS l ON l.patient_id = p.patient_id AND l.newest = 1
LEFT JOIN entries AS n ON n.patient_id = p.patient_id
