-- An observation whose code the dictionary keeps under immunisations.
SELECT o.event_id AS immunisation_id, o.patient_id, o.event_date AS given_date, c.code_snomed, c.code_emis,
       c.code_read2, months_apart(p.born, o.event_date) AS age_months
FROM current_observation AS o
INNER JOIN person AS p ON p.patient_id = o.patient_id
INNER JOIN current_clinical_code AS c ON c.code_id = o.code_id
WHERE rule('immunisation_category', c.category = 'immunisations')
  AND rule('not_after_reference', o.event_date IS NULL OR o.event_date <= :reference_date)
  AND rule('confidential_rows', NOT flag(o.confidential))
