SELECT r.Consultation_ID AS consultation_id, r.Patient_ID AS patient_id, r.Registration_ID AS registration_id,
       event_day_of(r.ConsultationDate) AS consultation_date
FROM raw.Consultation AS r
