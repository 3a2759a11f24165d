-- The register: the first and latest diagnosis of atrial fibrillation, and the latest code that says it is resolved.
WITH diagnosis AS (
    SELECT e.patient_id, MIN(e.event_date) AS first_date, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.af
    GROUP BY e.patient_id
),
resolved AS (
    SELECT e.patient_id, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.af_resolved
    GROUP BY e.patient_id
),
-- The latest dated CHA2DS2-VASc score, whenever it was recorded.
score AS (
    SELECT r.patient_id, r.value
    FROM (SELECT e.patient_id,
                 e.value,
                 ROW_NUMBER() OVER (PARTITION BY e.patient_id ORDER BY e.event_date DESC, e.event_id DESC) AS place
          FROM event AS e
          WHERE e.code IN codelist.chads_vasc
            AND e.value IS NOT NULL
            AND e.event_date IS NOT NULL) AS r
    WHERE r.place = 1
),
-- Invitations of the last 12 months: the first and the last.
invited AS (
    SELECT e.patient_id, MIN(e.event_date) AS first_date, MAX(e.event_date) AS latest_date
    FROM event AS e
    WHERE e.code IN codelist.af_invite
      AND e.event_date > :reference_date - INTERVAL '12' MONTH
    GROUP BY e.patient_id
)
SELECT p.patient_id,
       p.age_band,
       p.sex,
       CASE
           -- Select: a direct-acting anticoagulant was issued in the last 6 months.
           WHEN EXISTS (SELECT 1
                        FROM medication AS m
                        WHERE m.patient_id = p.patient_id
                          AND m.code IN codelist.doac
                          AND m.issue_date > :reference_date - INTERVAL '6' MONTH) THEN 'met'
           -- Select: warfarin or the like was issued, because a direct-acting one was declined or does not suit.
           WHEN EXISTS (SELECT 1
                        FROM medication AS m
                        WHERE m.patient_id = p.patient_id
                          AND m.code IN codelist.vka
                          AND m.issue_date > :reference_date - INTERVAL '6' MONTH)
                AND EXISTS (SELECT 1
                            FROM event AS e
                            WHERE e.patient_id = p.patient_id
                              AND (e.code IN codelist.doac_declined OR e.code IN codelist.doac_unsuitable)
                              AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'met'
           -- Reject: anticoagulation is contraindicated, not tolerated, not indicated or declined this year.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.anticoagulant_contraindicated
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Reject: an allergy or adverse reaction to anticoagulants, at any time.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.anticoagulant_allergy) THEN 'excepted'
           -- Reject: care is unsuitable.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.af_unsuitable
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Reject: chose not to receive this care.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.af_declined
                          AND e.event_date > :reference_date - INTERVAL '12' MONTH) THEN 'excepted'
           -- Reject: two invitations at least 7 days apart.
           WHEN iv.latest_date >= iv.first_date + INTERVAL '7' DAY THEN 'excepted'
           -- Reject: first diagnosed in the last 3 months.
           WHEN dx.first_date > :reference_date - INTERVAL '3' MONTH THEN 'excepted'
           -- Reject: registered in the last 3 months; everyone else stays in the denominator.
           WHEN p.registered_on > :reference_date - INTERVAL '3' MONTH THEN 'excepted'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
JOIN diagnosis AS dx ON dx.patient_id = p.patient_id
JOIN score AS sc ON sc.patient_id = p.patient_id
LEFT JOIN resolved AS rs ON rs.patient_id = p.patient_id
LEFT JOIN invited AS iv ON iv.patient_id = p.patient_id
WHERE sc.value >= 2
  AND (rs.latest_date IS NULL OR rs.latest_date < dx.latest_date)
