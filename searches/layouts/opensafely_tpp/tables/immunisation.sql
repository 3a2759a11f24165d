-- A vaccination has the names of a product and no code, so that a search cannot ask what it was.
SELECT r.Vaccination_ID AS immunisation_id, r.Patient_ID AS patient_id, event_day_of(r.VaccinationDate) AS given_date,
       months_apart(p.born, event_day_of(r.VaccinationDate)) AS age_months
FROM raw.Vaccination AS r
INNER JOIN person AS p ON p.patient_id = r.Patient_ID
WHERE rule('not_after_reference',
           event_day_of(r.VaccinationDate) IS NULL OR event_day_of(r.VaccinationDate) <= :reference_date)
