-- The supplier's dictionary, resent whole. A Read code comes unpadded and with an optional synonym (`F404-1`).
SELECT v.code_id, v.code_snomed, v.code_emis, v.category,
       CASE WHEN rule('read_only_without_snomed', v.is_concept IS NULL) AND v.code_emis IS NULL
            THEN rule('read_padded', SUBSTRING(SPLIT_PART(v.term_id, '-', 1) || '.....', 1, 5), v.term_id)
            END AS code_read2
FROM (
    SELECT key_of(r.CodeId) AS code_id, NULLIF(TRIM(r.ReadTermId), '') AS term_id,
           concept_of(r.SnomedCTConceptId) AS code_snomed,
           CASE WHEN whole(r.SnomedCTConceptId) > 0 THEN 1 END AS is_concept,
           CASE WHEN is_local(TRIM(r.ReadTermId)) THEN TRIM(r.ReadTermId) END AS code_emis,
           LOWER(TRIM(r.EmisCodeCategoryDescription)) AS category,
           ROW_NUMBER() OVER (PARTITION BY key_of(r.CodeId) ORDER BY r.delivery DESC, whole(r.ProcessingId) DESC,
                              r.row_in_delivery DESC) AS version
    FROM raw.Coding_ClinicalCode AS r
) AS v
WHERE v.version = 1
