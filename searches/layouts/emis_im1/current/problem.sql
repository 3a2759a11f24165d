-- `Deleted` here says that it is a problem no longer; the observation may live on.
SELECT v.event_id, v.status
FROM (
    SELECT guid(r.ObservationGuid) AS event_id, LOWER(TRIM(r.ProblemStatusDescription)) AS status,
           r.Deleted AS deleted,
           ROW_NUMBER() OVER (PARTITION BY guid(r.OrganisationGuid), guid(r.ObservationGuid)
                              ORDER BY r.delivery DESC, rule('processing_order', whole(r.ProcessingId), 0) DESC,
                                       r.row_in_delivery DESC) AS version
    FROM raw.CareRecord_Problem AS r
    WHERE guid(r.OrganisationGuid) IN (SELECT o.organisation_id FROM current_organisation AS o)
      AND rule('deleted_after_latest', TRUE, NOT flag(r.Deleted))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_rows', NOT flag(v.deleted))
