SELECT v.problem_id, v.event_id, v.end_date
FROM (
    SELECT whole(r.RowIdentifier) AS problem_id, whole(r.IDCode) AS event_id, on_day(r.DateEnd) AS end_date,
           r.RemovedData AS removed,
           ROW_NUMBER() OVER (PARTITION BY whole(r.RowIdentifier), UPPER(TRIM(r.IDOrganisationVisibleTo))
                              ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.SRProblem AS r
    WHERE rule('own_publisher', UPPER(TRIM(r.IDOrganisationVisibleTo)) = UPPER(:practice))
      AND rule('removed_after_latest', TRUE, NOT flag(r.RemovedData))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('removed_rows', NOT flag(v.removed))
