WITH counted AS (
    SELECT a.patient_id, COUNT(*) AS appointments
    FROM appointment AS a
    WHERE a.status <> 'cancelled'
    GROUP BY a.patient_id
)
SELECT p.patient_id,
       p.sex,
       CASE WHEN c.appointments >= 2 THEN 'met' ELSE 'not met' END AS outcome
FROM patient AS p
LEFT JOIN counted AS c ON c.patient_id = p.patient_id
