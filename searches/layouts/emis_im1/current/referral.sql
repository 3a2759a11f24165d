-- It extends an observation one to one and has no deletions of its own.
SELECT v.referral_id
FROM (
    SELECT guid(r.ObservationGuid) AS referral_id,
           ROW_NUMBER() OVER (PARTITION BY guid(r.OrganisationGuid), guid(r.ObservationGuid)
                              ORDER BY r.delivery DESC, rule('processing_order', whole(r.ProcessingId), 0) DESC,
                                       r.row_in_delivery DESC) AS version
    FROM raw.CareRecord_ObservationReferral AS r
    WHERE guid(r.OrganisationGuid) IN (SELECT o.organisation_id FROM current_organisation AS o)
) AS v
WHERE rule('latest_version', v.version = 1)
