-- Everyone registered: is there a code of an ethnic group, of any date? "Not stated" and "declined" are not groups.
SELECT p.patient_id,
       p.age_band,
       p.sex,
       CASE
           WHEN EXISTS (SELECT 1
                        FROM event AS e
                        WHERE e.patient_id = p.patient_id
                          AND e.code IN codelist.ethnicity)
           THEN 'met'
           ELSE 'not met'
       END AS outcome
FROM patient AS p
