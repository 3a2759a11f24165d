-- Of the registrations that are open on the reference date, wherever they are, the one that started last, and of those
-- the longest; whoever is registered elsewhere by it is no patient here. Nobody is where a practice does not take part.
SELECT v.patient_id, v.start_date AS registered_on
FROM (
    SELECT r.patient_id, r.organisation_id, r.start_date,
           ROW_NUMBER() OVER (PARTITION BY r.patient_id
                              ORDER BY r.start_date DESC,
                                       rule('longest_of_those', r.last_date, r.start_date) DESC,
                                       r.registration_id DESC) AS place
    FROM current_registration AS r
    WHERE rule('start_by_reference', r.start_date <= :reference_date)
      AND rule('left_is_out', r.end_date IS NULL
               OR rule('end_day_is_out', r.end_date > :reference_date, r.end_date >= :reference_date))
      AND rule('latest_registration', TRUE, r.organisation_id = :practice_number)
) AS v
WHERE v.place = 1
  AND rule('own_registrations', v.organisation_id = :practice_number)
  AND v.organisation_id IN (SELECT d.Organisation_ID FROM raw.DirectionsAcknowledged AS d)
