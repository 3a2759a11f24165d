-- The latest entry has the greatest date, then the greatest id, and what has no date comes last, either way.
WITH sizes AS (
    SELECT e.patient_id, e.event_id, e.event_date, e.value,
           ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_date DESC, e.event_id DESC) AS newest,
           ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_date, e.event_id) AS oldest
    FROM event AS e
    WHERE e.code IN codelist.kit_size
),
by_value AS (
    SELECT s.patient_id, s.value,
           ROW_NUMBER() OVER (PARTITION BY s.patient_id ORDER BY s.value DESC, s.event_id) AS place
    FROM sizes AS s
),
latest AS (SELECT s.patient_id, s.value FROM sizes AS s WHERE s.newest = 1),
earliest AS (SELECT s.patient_id, s.value FROM sizes AS s WHERE s.oldest = 1),
greatest AS (SELECT v.patient_id, v.value FROM by_value AS v WHERE v.place = 1)
SELECT p.patient_id,
       CASE WHEN l.value IS NULL THEN 'nothing'
            WHEN l.value < -0.5 THEN 'below zero'
            WHEN l.value < 58 THEN 'under 58'
            WHEN l.value = 58 THEN 'just 58'
            ELSE 'over 58' END AS latest,
       CASE WHEN f.patient_id IS NULL THEN 'nothing'
            WHEN f.value IS NULL THEN 'no number'
            ELSE 'a number' END AS first,
       CASE WHEN g.value > 100 THEN 'met' WHEN g.value <= 100 THEN 'not met' ELSE 'excepted' END AS outcome
FROM patient AS p
LEFT JOIN latest AS l ON l.patient_id = p.patient_id
LEFT JOIN earliest AS f ON f.patient_id = p.patient_id
LEFT JOIN greatest AS g ON g.patient_id = p.patient_id
