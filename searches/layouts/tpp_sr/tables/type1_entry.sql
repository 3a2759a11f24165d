-- Whoever typed it in, and whatever the reference date.
SELECT c.patient_id, c.event_date AS entry_date, c.code_snomed, c.code_ctv3
FROM current_code AS c
