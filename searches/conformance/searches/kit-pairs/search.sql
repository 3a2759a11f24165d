-- Of several pairs on the latest day the one with the greatest ids counts.
WITH red AS (
    SELECT event_id, patient_id, event_date, value FROM event WHERE code IN codelist.kit_red
),
blue AS (
    SELECT event_id, patient_id, event_date, value FROM event WHERE code IN codelist.kit_blue
),
pairs AS (
    SELECT r.patient_id, r.value AS red, b.value AS blue,
           ROW_NUMBER() OVER (PARTITION BY r.patient_id
                              ORDER BY r.event_date DESC, r.event_id DESC, b.event_id DESC) AS place
    FROM red AS r
    JOIN blue AS b ON b.patient_id = r.patient_id AND b.event_date = r.event_date
),
sizes AS (
    SELECT e.patient_id,
           CASE WHEN MIN(e.value) < 0 THEN 'low' WHEN MAX(e.value) > 58 THEN 'high' ELSE 'middle' END AS size
    FROM event AS e
    WHERE e.code IN codelist.kit_size
    GROUP BY e.patient_id
)
SELECT p.patient_id,
       CASE WHEN c.red > c.blue THEN 'met'
            WHEN c.red <= c.blue THEN 'not met'
            WHEN EXISTS (SELECT 1 FROM sizes AS s WHERE s.patient_id = p.patient_id AND s.size <> 'middle')
            THEN 'excepted' END AS outcome
FROM patient AS p
LEFT JOIN pairs AS c ON c.patient_id = p.patient_id AND c.place = 1
WHERE NOT EXISTS (SELECT 1 FROM event AS e
                  WHERE e.patient_id = p.patient_id AND e.problem_status = 'active'
                    AND EXISTS (SELECT 1 FROM event AS f
                                WHERE f.patient_id = e.patient_id AND f.code IN codelist.kit_blue
                                  AND f.event_date >= e.event_date))
