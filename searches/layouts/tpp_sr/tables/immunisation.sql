SELECT i.immunisation_id, i.patient_id, i.given_date, i.code_snomed, i.code_ctv3,
       months_apart(p.born, i.given_date) AS age_months
FROM current_immunisation AS i
INNER JOIN person AS p ON p.patient_id = i.patient_id
WHERE rule('not_after_reference', i.given_date IS NULL OR i.given_date <= :reference_date)
