-- The register: the first and latest diagnosis of diabetes, and the latest code that says it is resolved.
WITH diagnosis AS (
    SELECT e.patient_id, MIN(e.event_date) AS first_date, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.diabetes
    GROUP BY e.patient_id
),
resolved AS (
    SELECT e.patient_id, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.diabetes_resolved
    GROUP BY e.patient_id
),
-- Frailty: the latest code of mild, and the latest of moderate or severe.
mild AS (
    SELECT e.patient_id, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.frailty_mild
    GROUP BY e.patient_id
),
frail AS (
    SELECT e.patient_id, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.frailty_moderate OR e.code IN codelist.frailty_severe
    GROUP BY e.patient_id
),
-- The latest HbA1c with a number, in mmol/mol, of the last 12 months.
hba1c AS (
    SELECT r.patient_id, r.event_date, r.value
    FROM (SELECT e.patient_id,
                 e.event_date,
                 e.value,
                 ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_date DESC, e.event_id DESC) AS place
          FROM event AS e
          WHERE e.code IN codelist.hba1c_ifcc
            AND e.value IS NOT NULL
            AND e.event_date > :reference_date - INTERVAL '12' MONTH) AS r
    WHERE r.place = 1
),
-- Invitations of the last 12 months: the first and the last.
invited AS (
    SELECT e.patient_id, MIN(e.event_date) AS first_date, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.diabetes_invite
      AND e.event_date > :reference_date - INTERVAL '12' MONTH
    GROUP BY e.patient_id
)
SELECT p.patient_id,
       p.age_band,
       p.sex,
       CASE
           -- Rule 1, reject: the latest frailty code is moderate or severe. Another indicator covers these people.
           WHEN fr.patient_id IS NOT NULL AND (ml.latest_date IS NULL OR fr.latest_date >= ml.latest_date) THEN NULL
           -- Rule 2, select: the latest HbA1c is 58 mmol/mol or less.
           WHEN hb.value <= 58 THEN 'met'
           -- Rule 3, reject: fructosamine was measured instead of HbA1c.
           WHEN hb.event_date IS NULL
                AND EXISTS (SELECT 1
                            FROM event AS e
                            WHERE e.patient_id = p.patient_id
                              AND e.code IN codelist.fructosamine
                              AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Rule 4, reject: on the most diabetes treatment that is tolerated.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.diabetes_max_therapy
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Rule 5, reject: care is unsuitable.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.diabetes_unsuitable
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Rule 6, reject: chose not to have a blood test.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.blood_test_declined
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Rule 7, reject: chose not to receive this care.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.diabetes_declined
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Rule 8, reject: two invitations at least 7 days apart, and no HbA1c, or invited only after the latest one.
           WHEN iv.latest_date >= iv.first_date + INTERVAL '7' DAY
                AND (hb.event_date IS NULL OR iv.first_date > hb.event_date) THEN 'excepted'
           -- Rule 9, reject: first diagnosed in the last 9 months.
           WHEN dx.first_date > :reference_date - INTERVAL '9' MONTH THEN 'excepted'
           -- Rule 10, reject: registered in the last 9 months; everyone else stays in the denominator.
           WHEN p.registered_on > :reference_date - INTERVAL '9' MONTH THEN 'excepted'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
JOIN diagnosis AS dx ON dx.patient_id = p.patient_id
LEFT JOIN resolved AS rs ON rs.patient_id = p.patient_id
LEFT JOIN mild AS ml ON ml.patient_id = p.patient_id
LEFT JOIN frail AS fr ON fr.patient_id = p.patient_id
LEFT JOIN hba1c AS hb ON hb.patient_id = p.patient_id
LEFT JOIN invited AS iv ON iv.patient_id = p.patient_id
WHERE p.age >= 17
  AND (rs.latest_date IS NULL OR rs.latest_date < dx.latest_date)
