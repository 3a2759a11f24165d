-- One coded entry stands in two tables under one id: by its CTV3 code in one, by its SNOMED CT concept in the other,
-- where a concept of code system 2 is again a CTV3 code, a local one. Some stand in one table only. The number is a
-- 32-bit float, read to three decimals, and 0 where there is none.
SELECT v.event_id, v.patient_id, MIN(v.event_date) AS event_date, MAX(v.code_snomed) AS code_snomed,
       MAX(v.code_ctv3) AS code_ctv3, MAX(v.value) AS value
FROM (
    SELECT r.CodedEvent_ID AS event_id, r.Patient_ID AS patient_id, event_day_of(r.ConsultationDate) AS event_date,
           CAST(NULL AS TEXT) AS code_snomed, text_of(r.CTV3Code) AS code_ctv3, number_of(r.NumericValue) AS value,
           1 AS part
    FROM raw.CodedEvent AS r
    INNER JOIN person AS p ON p.patient_id = r.Patient_ID
    WHERE rule('ctv3_table', TRUE, FALSE)
    UNION ALL
    SELECT r.CodedEvent_ID AS event_id, r.Patient_ID AS patient_id, event_day_of(r.ConsultationDate) AS event_date,
           CASE WHEN r.CodeSystemId = 0 THEN text_of(r.ConceptId) END AS code_snomed,
           CASE WHEN r.CodeSystemId = 2 THEN text_of(r.ConceptId) END AS code_ctv3,
           number_of(r.NumericValue) AS value, rule('same_entry_once', 1, 2) AS part
    FROM raw.CodedEvent_SNOMED AS r
    INNER JOIN person AS p ON p.patient_id = r.Patient_ID
    WHERE rule('snomed_table', TRUE, FALSE)
) AS v
GROUP BY v.event_id, v.patient_id, v.part
