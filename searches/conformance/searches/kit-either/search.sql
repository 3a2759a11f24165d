-- UNION ALL keeps what is there twice.
WITH given AS (
    SELECT u.patient_id, COUNT(*) AS times, COUNT(DISTINCT u.on_day) AS days, MAX(u.on_day) AS last_day
    FROM (SELECT e.patient_id, e.event_date AS on_day FROM event AS e
          WHERE e.code IN codelist.kit_red
          UNION ALL
          SELECT i.patient_id, i.given_date AS on_day FROM immunisation AS i
          WHERE i.code IN codelist.kit_dose AND i.age_months >= 12
          UNION ALL
          SELECT m.patient_id, m.issue_date AS on_day FROM medication AS m
          WHERE m.code IN codelist.kit_dose AND m.issue_type IN ('acute', 'repeat')) AS u
    GROUP BY u.patient_id
)
SELECT p.patient_id,
       CASE WHEN g.times IS NULL THEN 'never' WHEN g.times = 1 THEN 'once' WHEN g.times = 2 THEN 'twice'
            ELSE 'more often' END AS given,
       CASE WHEN g.days >= 2 THEN 'met'
            WHEN g.last_day >= :period_start THEN 'excepted'
            ELSE 'not met' END AS outcome
FROM patient AS p
LEFT JOIN given AS g ON g.patient_id = p.patient_id
WHERE EXISTS (SELECT 1 FROM consultation AS c
              WHERE c.patient_id = p.patient_id AND c.consultation_date >= :season_start)
   OR NOT EXISTS (SELECT 1 FROM referral AS r
                  WHERE r.patient_id = p.patient_id AND r.referral_date < :season_start)
