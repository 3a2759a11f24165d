SELECT p.patient_id,
       p.age_band,
       p.sex,
       CASE
           -- Vaccinated since 1 September: record systems hold it as an event, as an immunisation, or as both.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.flu_vaccine
                          AND e.event_date >= :season_start) THEN 'met'
           WHEN EXISTS (SELECT 1
                        FROM immunisation AS i
                        WHERE i.patient_id = p.patient_id
                          AND i.code IN codelist.flu_vaccine
                          AND i.given_date >= :season_start) THEN 'met'
           -- Contraindicated or not indicated this season.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.flu_contraindicated
                          AND e.event_date >= :season_start) THEN 'excepted'
           -- An allergy or adverse reaction to flu vaccine, at any time.
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.flu_allergy) THEN 'excepted'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
-- From six months to 64 years of age, with a condition that makes flu dangerous coded at any time.
WHERE p.age_months >= 6
  AND p.age < 65
  AND EXISTS (SELECT 1
              FROM event AS e
              WHERE e.patient_id = p.patient_id
                AND e.code IN codelist.flu_at_risk)
