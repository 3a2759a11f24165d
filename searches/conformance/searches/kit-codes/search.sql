-- Of an entry without a code nothing is known, and what is not known is neither so nor not so.
SELECT p.patient_id,
       p.sex,
       CASE WHEN EXISTS (SELECT 1 FROM event AS e
                         WHERE e.patient_id = p.patient_id AND e.code IN codelist.kit_red
                           AND NOT (e.value <> 58 OR e.event_date < :season_start)) THEN 'met'
            WHEN EXISTS (SELECT 1 FROM event AS e
                         WHERE e.patient_id = p.patient_id AND e.code IN codelist.kit_red) THEN 'excepted'
            WHEN EXISTS (SELECT 1 FROM event AS e
                         WHERE e.patient_id = p.patient_id AND e.code NOT IN codelist.kit_red
                           AND (e.problem_status IS NULL OR e.problem_status <> 'past')
                           AND e.code NOT IN codelist.kit_blue) THEN 'not met' END AS outcome
FROM patient AS p
