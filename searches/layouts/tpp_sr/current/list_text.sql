-- Where static lists are delivered as numbers, the text of each number.
SELECT v.list_id, v.list_text
FROM (
    SELECT TRIM(r.RowIdentifier) AS list_id, TRIM(r.Mapping) AS list_text,
           ROW_NUMBER() OVER (PARTITION BY TRIM(r.RowIdentifier)
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.SRMapping AS r
) AS v
WHERE rule('static_lists', v.version = 1, FALSE)
