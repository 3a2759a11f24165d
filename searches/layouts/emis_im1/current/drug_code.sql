SELECT v.code_id, v.code_dmd
FROM (
    SELECT key_of(r.CodeId) AS code_id, product_of(r.DmdProductCodeId) AS code_dmd,
           ROW_NUMBER() OVER (PARTITION BY key_of(r.CodeId) ORDER BY r.delivery DESC, whole(r.ProcessingId) DESC,
                              r.row_in_delivery DESC) AS version
    FROM raw.Coding_DrugCode AS r
) AS v
WHERE v.version = 1
