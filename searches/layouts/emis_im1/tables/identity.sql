SELECT v.patient_id, v.nhs_number, v.title, v.forename, v.surname, v.date_of_birth, v.address, v.postcode, v.phone,
       v.mobile, v.email
FROM (
    SELECT guid(r.PatientGuid) AS patient_id, r.NhsNumber AS nhs_number, r.Title AS title, r.GivenName AS forename,
           r.Surname AS surname, r.DateOfBirth AS date_of_birth,
           TRIM(COALESCE(r.HouseNameFlatNumber, '') || ' ' || COALESCE(r.NumberAndStreet, '') || ' '
                || COALESCE(r.Village, '') || ' ' || COALESCE(r.Town, '')) AS address,
           r.Postcode AS postcode, r.HomePhone AS phone, r.MobilePhone AS mobile, r.EmailAddress AS email,
           r.Deleted AS deleted,
           ROW_NUMBER() OVER (PARTITION BY guid(r.PatientGuid) ORDER BY r.delivery DESC, whole(r.ProcessingId) DESC,
                              r.row_in_delivery DESC) AS version
    FROM raw.Admin_Patient AS r
    WHERE guid(r.OrganisationGuid) IN (SELECT o.organisation_id FROM current_organisation AS o)
) AS v
WHERE v.version = 1 AND NOT flag(v.deleted)
