WITH counted AS (
    SELECT e.patient_id, COUNT(*) AS entries
    FROM event AS e
    WHERE e.code IN codelist.smoking
    GROUP BY e.patient_id
)
SELECT p.patient_id,
       p.sex,
       CASE WHEN c.entries >= 2 THEN 'met' ELSE 'not met' END AS outcome
FROM patient AS p
LEFT JOIN counted AS c ON c.patient_id = p.patient_id
