-- Which three count is decided by the day and then by the id.
SELECT a.patient_id, a.appointment_id,
       CASE WHEN a.booked_date IS NULL THEN 'not known'
            WHEN a.start_date <= a.booked_date THEN 'same day'
            WHEN a.start_date <= a.booked_date + INTERVAL '1' MONTH THEN 'within a month'
            ELSE 'later' END AS lead,
       CASE WHEN a.status = 'dna' THEN 'not met'
            WHEN a.status IN ('cancelled', 'booked') THEN NULL
            ELSE 'met' END AS outcome
FROM appointment AS a
INNER JOIN patient AS p ON p.patient_id = a.patient_id
WHERE a.start_date >= :reference_date - INTERVAL '40' DAY
