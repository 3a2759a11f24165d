-- A CASE without ELSE is NULL, and whoever it is NULL for is not in the answer.
WITH sized AS (
    SELECT e.patient_id, COUNT(*) AS entries, COUNT(e.value) AS numbers, COUNT(DISTINCT e.event_date) AS days,
           MIN(e.event_date) AS since, MAX(e.value) AS most,
           MAX(CASE WHEN e.value > 58 THEN e.event_date END) AS last_over
    FROM event AS e
    WHERE e.code IN codelist.kit_size
    GROUP BY e.patient_id
    HAVING COUNT(*) >= 1
),
coloured AS (
    SELECT e.patient_id,
           MAX(CASE WHEN e.code IN codelist.kit_red THEN e.event_date END) AS red,
           MAX(CASE WHEN e.code IN codelist.kit_blue THEN e.event_date END) AS blue
    FROM event AS e
    GROUP BY e.patient_id
)
SELECT p.patient_id,
       CASE WHEN COALESCE(s.entries, 0) = 0 THEN 'none'
            WHEN s.entries = 1 THEN 'one'
            WHEN s.entries = 2 THEN 'two'
            ELSE 'three or more' END AS rows,
       CASE WHEN COALESCE(s.days, 0) = 0 THEN 'none' WHEN s.days = 1 THEN 'one' ELSE 'two or more' END AS days,
       CASE WHEN s.last_over >= s.since AND s.most <> 140 THEN 'met'
            WHEN c.red > c.blue THEN 'not met'
            WHEN c.red <= c.blue OR s.numbers BETWEEN 1 AND 2 THEN 'excepted' END AS outcome
FROM patient AS p
LEFT JOIN sized AS s ON s.patient_id = p.patient_id
LEFT JOIN coloured AS c ON c.patient_id = p.patient_id
