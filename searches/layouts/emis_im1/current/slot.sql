-- A slot without a patient is not booked; one re-sent with another patient, or none, was cancelled.
SELECT v.appointment_id, v.patient_id, v.start_date, v.booked_date, v.booking_method, v.mode, v.slot_status,
       v.did_not_attend, v.left_time, v.sent_in_time
FROM (
    SELECT guid(r.SlotGuid) AS appointment_id, guid(r.PatientGuid) AS patient_id,
           on_day(r.AppointmentDate) AS start_date, on_day(r.BookedDate) AS booked_date,
           LOWER(TRIM(r.BookingMethod)) AS booking_method, LOWER(TRIM(r.ModeOfContact)) AS mode,
           LOWER(TRIM(r.SlotStatus)) AS slot_status, r.DidNotAttend AS did_not_attend,
           NULLIF(TRIM(r.LeftTime), '') AS left_time, NULLIF(TRIM(r.SendInTime), '') AS sent_in_time,
           r.Deleted AS deleted,
           ROW_NUMBER() OVER (PARTITION BY guid(r.OrganisationGuid), guid(r.SlotGuid)
                              ORDER BY r.delivery DESC, rule('processing_order', whole(r.ProcessingId), 0) DESC,
                                       r.row_in_delivery DESC) AS version
    FROM raw.Appointment_Slot AS r
    WHERE guid(r.OrganisationGuid) IN (SELECT o.organisation_id FROM current_organisation AS o)
      AND rule('deleted_after_latest', TRUE, NOT flag(r.Deleted))
) AS v
WHERE rule('latest_version', v.version = 1) AND rule('deleted_rows', NOT flag(v.deleted))
