-- A blood pressure is one row of two values. Its code is that of the pair, or of the first half; each half becomes an
-- event under its own code.
SELECT j.journal_id + n.half AS event_id, j.journal_id, CASE WHEN n.half = 1 THEN j.value1 ELSE j.value2 END AS value,
       CASE WHEN n.half = 1 THEN j.units1 ELSE j.units2 END AS unit,
       CASE WHEN n.half = 1 THEN systolic_read2(j.code_read2) ELSE diastolic_read2(j.code_read2) END AS code_read2,
       CASE WHEN n.half = 1 THEN systolic_snomed(j.code_read2) ELSE diastolic_snomed(j.code_read2) END AS code_snomed
FROM current_journal AS j
INNER JOIN (SELECT 1 AS half UNION ALL SELECT 2 AS half) AS n ON TRUE
WHERE rule('bp_split', is_bp(j.entity, j.code_read2, j.value2), FALSE)
