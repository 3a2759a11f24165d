-- A deny list: whoever stands in it has opted out.
SELECT r.Patient_ID AS patient_id
FROM raw.PatientsWithTypeOneDissent AS r
WHERE rule('type1_deny_list', TRUE, FALSE)
