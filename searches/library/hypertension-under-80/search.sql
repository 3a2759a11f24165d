-- The register: the first and latest diagnosis of hypertension, and the latest code that says it is resolved.
WITH diagnosis AS (
    SELECT e.patient_id, MIN(e.event_date) AS first_date, MAX(e.event_date) AS latest_date
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
-- The latest day of the last 12 months with both values taken in the practice; of each the last one entered that day.
clinic AS (
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
            AND s.event_date > :reference_date - INTERVAL '12' MONTH) AS r
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
            AND s.event_date > :reference_date - INTERVAL '12' MONTH) AS r
    WHERE r.place = 1
),
-- Invitations of the last 12 months: the first and the last.
invited AS (
    SELECT e.patient_id, MIN(e.event_date) AS first_date, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.hypertension_invite
      AND e.event_date > :reference_date - INTERVAL '12' MONTH
    GROUP BY e.patient_id
)
SELECT p.patient_id,
       p.age_band,
       p.sex,
       CASE
           -- Rule 2, select: the latest reading is at target (home readings have a target 5 mmHg lower).
           WHEN (h.event_date IS NULL OR c.event_date >= h.event_date)
                AND c.systolic <= 140 AND c.diastolic <= 90 THEN 'met'
           WHEN (c.event_date IS NULL OR h.event_date >= c.event_date)
                AND h.systolic <= 135 AND h.diastolic <= 85 THEN 'met'
           -- Rule 3, reject: on the most blood pressure treatment that is tolerated.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.bp_max_therapy
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Rule 4, reject: care is unsuitable.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.hypertension_unsuitable
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Rule 5, reject: chose not to have the blood pressure measured.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.bp_declined
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Rule 6, reject: chose not to receive this care.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.hypertension_declined
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Rule 7, reject: two invitations at least 7 days apart, and no reading, or invited only after the latest one.
           WHEN iv.latest_date >= iv.first_date + INTERVAL '7' DAY
                AND (c.event_date IS NULL OR iv.first_date > c.event_date)
                AND (h.event_date IS NULL OR iv.first_date > h.event_date) THEN 'excepted'
           -- Rule 8, reject: first diagnosed in the last 9 months.
           WHEN dx.first_date > :reference_date - INTERVAL '9' MONTH THEN 'excepted'
           -- Rule 9, reject: registered in the last 9 months; everyone else stays in the denominator.
           WHEN p.registered_on > :reference_date - INTERVAL '9' MONTH THEN 'excepted'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
JOIN diagnosis AS dx ON dx.patient_id = p.patient_id
LEFT JOIN resolved AS rs ON rs.patient_id = p.patient_id
LEFT JOIN clinic AS c ON c.patient_id = p.patient_id
LEFT JOIN home AS h ON h.patient_id = p.patient_id
LEFT JOIN invited AS iv ON iv.patient_id = p.patient_id
-- Rule 1, reject: aged 80 or over.
WHERE p.age <= 79
  AND (rs.latest_date IS NULL OR rs.latest_date < dx.latest_date)
