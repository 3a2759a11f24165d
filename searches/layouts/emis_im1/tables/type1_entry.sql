-- Confidential or not, and whatever the reference date.
SELECT o.patient_id, o.event_date AS entry_date, c.code_snomed, c.code_emis, c.code_read2
FROM current_observation AS o
INNER JOIN current_clinical_code AS c ON c.code_id = o.code_id
