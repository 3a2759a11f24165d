-- The latest day of the last 12 months with both values taken in the practice; of each the last one entered that day.
WITH clinic AS (
    SELECT r.patient_id, r.event_date, r.systolic, r.diastolic
    FROM (SELECT s.patient_id,
                 s.event_date,
                 s.value AS systolic,
                 d.value AS diastolic,
                 ROW_NUMBER() OVER (PARTITION BY s.patient_id
                                    ORDER BY s.event_date DESC, s.event_id DESC, d.event_id DESC) AS place
          FROM event AS s
          JOIN event AS d ON d.patient_id = s.patient_id AND d.event_date = s.event_date
          WHERE s.code IN codelist.systolic
            AND d.code IN codelist.diastolic
            AND s.value IS NOT NULL
            AND d.value IS NOT NULL
            AND s.event_date >= :reference_date - INTERVAL '12' MONTH) AS r
    WHERE r.place = 1
),
-- The same of values taken at home or by a monitor worn for a day.
home AS (
    SELECT r.patient_id, r.event_date, r.systolic, r.diastolic
    FROM (SELECT s.patient_id,
                 s.event_date,
                 s.value AS systolic,
                 d.value AS diastolic,
                 ROW_NUMBER() OVER (PARTITION BY s.patient_id
                                    ORDER BY s.event_date DESC, s.event_id DESC, d.event_id DESC) AS place
          FROM event AS s
          JOIN event AS d ON d.patient_id = s.patient_id AND d.event_date = s.event_date
          WHERE s.code IN codelist.systolic_home
            AND d.code IN codelist.diastolic_home
            AND s.value IS NOT NULL
            AND d.value IS NOT NULL
            AND s.event_date >= :reference_date - INTERVAL '12' MONTH) AS r
    WHERE r.place = 1
)
SELECT p.patient_id,
       p.age_band,
       p.sex,
       CASE
           -- The latest reading was taken in the practice and is at target; from 80 years of age the target is higher.
           WHEN (h.event_date IS NULL OR c.event_date >= h.event_date)
                AND c.systolic <= 140 AND c.diastolic <= 90 THEN 'met'
           WHEN (h.event_date IS NULL OR c.event_date >= h.event_date)
                AND p.age >= 80 AND c.systolic <= 150 AND c.diastolic <= 90 THEN 'met'
           -- The latest reading was taken at home: the targets are 5 mmHg lower.
           WHEN (c.event_date IS NULL OR h.event_date >= c.event_date)
                AND h.systolic <= 135 AND h.diastolic <= 85 THEN 'met'
           WHEN (c.event_date IS NULL OR h.event_date >= c.event_date)
                AND p.age >= 80 AND h.systolic <= 145 AND h.diastolic <= 85 THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
LEFT JOIN clinic AS c ON c.patient_id = p.patient_id
LEFT JOIN home AS h ON h.patient_id = p.patient_id
-- The register: coronary heart disease diagnosed at any time; it is never resolved.
WHERE EXISTS (SELECT 1
              FROM event AS e
              WHERE e.patient_id = p.patient_id
                AND e.code IN codelist.chd)
