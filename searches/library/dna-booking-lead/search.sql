-- Appointments since the first of the month whose outcome is known. Cancelled ones and those still marked as booked do not count.
SELECT a.patient_id,
       a.appointment_id,
       -- How long before the appointment it was booked, in calendar days.
       CASE
           WHEN a.booked_date IS NULL OR a.booked_date > a.start_date THEN 'unknown'
           WHEN a.start_date <= a.booked_date THEN 'same day'
           WHEN a.start_date <= a.booked_date + INTERVAL '1' DAY THEN '1 day'
           WHEN a.start_date <= a.booked_date + INTERVAL '7' DAY THEN '2-7 days'
           WHEN a.start_date <= a.booked_date + INTERVAL '14' DAY THEN '8-14 days'
           WHEN a.start_date <= a.booked_date + INTERVAL '21' DAY THEN '15-21 days'
           WHEN a.start_date <= a.booked_date + INTERVAL '28' DAY THEN '22-28 days'
           ELSE 'more than 28 days'
       END AS booking_lead,
       -- "Met" is what is counted, here an appointment missed without notice: lower is better.
       CASE
           WHEN a.status = 'dna' THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM appointment AS a
WHERE a.start_date >= :period_start
  AND a.status IN ('dna', 'completed', 'arrived', 'in_progress', 'walked_out')
