-- The register: the latest diagnosis of hypertension, and the latest code that says it is resolved.
WITH diagnosis AS (
    SELECT e.patient_id, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.hypertension
    GROUP BY e.patient_id
),
resolved AS (
    SELECT e.patient_id, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.hypertension_resolved
    GROUP BY e.patient_id
),
-- The latest systolic value of the last 12 months, in the practice or at home; of several that day the last one entered.
reading AS (
    SELECT s.patient_id, s.value
    FROM (SELECT e.patient_id,
                 e.value,
                 ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_date DESC, e.event_id DESC) AS place
          FROM event AS e
          WHERE (e.code IN codelist.systolic OR e.code IN codelist.systolic_home)
            AND e.value IS NOT NULL
            AND e.event_date > :reference_date - INTERVAL '12' MONTH) AS s
    WHERE s.place = 1
)
SELECT p.patient_id,
       p.sex,
       CASE WHEN r.value IS NULL THEN 'not met' ELSE 'met' END AS outcome,
       r.value
FROM patient AS p
JOIN diagnosis AS dx ON dx.patient_id = p.patient_id
LEFT JOIN resolved AS rs ON rs.patient_id = p.patient_id
LEFT JOIN reading AS r ON r.patient_id = p.patient_id
WHERE rs.latest_date IS NULL OR rs.latest_date < dx.latest_date
