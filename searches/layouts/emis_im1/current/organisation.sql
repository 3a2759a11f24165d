-- The practice, if its sharing agreement is activated and neither disabled nor deleted.
SELECT guid(o.OrganisationGuid) AS organisation_id
FROM raw.Admin_Organisation AS o
WHERE rule('own_organisation', UPPER(TRIM(o.ODSCode)) = UPPER(:practice))
  AND rule('agreement_active', guid(o.OrganisationGuid) IN (
        SELECT a.organisation_id
        FROM (
            SELECT guid(s.OrganisationGuid) AS organisation_id, s.IsActivated, s.Disabled, s.Deleted,
                   ROW_NUMBER() OVER (PARTITION BY guid(s.OrganisationGuid)
                                      ORDER BY s.delivery DESC, s.row_in_delivery DESC) AS version
            FROM raw.Agreements_SharingOrganisation AS s
        ) AS a
        WHERE a.version = 1 AND flag(a.IsActivated) AND NOT flag(a.Disabled) AND NOT flag(a.Deleted)))
GROUP BY guid(o.OrganisationGuid)
