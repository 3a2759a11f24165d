"""What is the same SQL in every supplier's layout: the columns of `patient`, and who has a Type 1 opt-out.

Type 1: the latest dated of dissent and withdrawal decides, as known when the run happens, whatever the reference date:
the data leave today. A tie on one day is an opt-out. An undated dissent is an opt-out unless a dated withdrawal exists.
Entries of other organisations count. Each layout defines
`type1_entry`: every coded entry of the practice's people that stands, confidential or not, with `entry_date`.
"""

from __future__ import annotations

PATIENT_SQL = """
SELECT p.patient_id, p.age_months // 12 AS age, p.age_months, age_band_of(p.age_months // 12) AS age_band, p.sex,
       CAST(NULL AS INTEGER) AS imd_quintile, p.registered_on
FROM person AS p
"""

TYPE1_SQL = """
SELECT s.patient_id
FROM (
    SELECT
        e.patient_id,
        MAX(CASE WHEN e.code IN codelist.type1_dissent THEN e.entry_date END) AS dissent,
        MAX(CASE WHEN e.code IN codelist.type1_withdrawn THEN e.entry_date END) AS withdrawal,
        MAX(CASE WHEN e.code IN codelist.type1_dissent AND e.entry_date IS NULL THEN 1 ELSE 0 END) AS undated_dissent
    FROM type1_entry AS e
    GROUP BY e.patient_id
) AS s
WHERE rule('type1_latest_decides',
           rule('type1_tie_is_out', s.dissent >= s.withdrawal, s.dissent > s.withdrawal), s.dissent IS NOT NULL)
   OR s.dissent IS NOT NULL AND s.withdrawal IS NULL
   OR rule('type1_undated_is_out', s.undated_dissent = 1 AND s.withdrawal IS NULL, FALSE)
"""

TYPE1_RULES = {
    "type1_latest_decides": "a withdrawal after the dissent ends the opt-out",
    "type1_tie_is_out": "dissent and withdrawal on one day: opted out",
    "type1_undated_is_out": "an undated dissent is an opt-out unless a dated withdrawal exists",
}

REGISTRATION_RULES = {
    "start_by_reference": "someone whose registration starts after the reference date is no current patient yet",
    "left_is_out": "someone whose registration ended is no current patient",
    "end_day_is_out": "someone whose registration ends on the reference date is no current patient on it",
    "dead_is_out": "someone who died on or before the reference date is no current patient",
}
