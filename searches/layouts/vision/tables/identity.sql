SELECT v.patient_id, v.nhs_number, v.title, v.forename, v.surname, v.date_of_birth, v.address, v.postcode, v.phone,
       v.mobile, v.email
FROM (
    SELECT whole(r.PID) AS patient_id, r.NHS_NUMBER AS nhs_number, r.TITLE AS title, r.FORENAME AS forename,
           r.SURNAME AS surname, on_day(r.DATE_OF_BIRTH) AS date_of_birth,
           TRIM(COALESCE(r.ADDRESS, '') || ' ' || COALESCE(r.ADDRESS_1, '') || ' ' || COALESCE(r.ADDRESS_2, '') || ' '
                || COALESCE(r.ADDRESS_3, '') || ' ' || COALESCE(r.ADDRESS_4, '')) AS address,
           r.POSTCODE AS postcode, r.PHONE_NUMBER AS phone, r.MOBILE_NUMBER AS mobile, r.EMAIL AS email,
           UPPER(TRIM(r.ACTION)) AS action,
           ROW_NUMBER() OVER (PARTITION BY whole(r.PID) ORDER BY r.delivery DESC, r.row_in_delivery DESC) AS version
    FROM raw.patient AS r
    WHERE is_service(r.SERVICE_ID)
) AS v
WHERE v.version = 1 AND COALESCE(v.action, '') <> 'D'
