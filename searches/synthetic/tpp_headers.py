"""The header of every file of the TPP Strategic Reporting extract that is written, version 125, in physical order."""

from __future__ import annotations

from functools import cache
from typing import Final

_STANDARD: Final = (
    "RowIdentifier IDOrganisationVisibleTo DateEventRecorded DateEvent IDProfileEnteredBy IDDoneBy TextualEventDoneBy "
    "IDOrganisationDoneAt"
)
TABLES: Final = {
    "SRManifest": "FileName IsDelta IsReference DateExtractFrom DateExtractTo",
    "SRPatient": "RowIdentifier IDOrganisationVisibleTo Title FirstName MiddleNames Surname PreviousSurname NHSNumber "
    "DateBirth DateDeath BirthPlace Gender SpeaksEnglish EmailAddress TestPatient SSRef SpineMatched",
    "SRPatientRegistration": "RowIdentifier IDOrganisationVisibleTo DateEventRecorded IDProfileEnteredBy "
    "DateRegistration "
    "DateDeRegistration RegistrationStatus PreferredPharmacy IDPatient IDOrganisation IDOrganisationRegisteredAt",
    "SRCode": f"{_STANDARD} CTV3Code CTV3Text SNOMEDCode SNOMEDText NumericComparator IsNumeric NumericValue "
    "NumericUnit "
    "EpisodeType IDTemplate IDQuestionnaire IDEvent IDPatient IDReferralIn IDAppointment IDVisit IDOrganisation "
    "IDOrganisationRegisteredAt",
    "SRProblem": f"{_STANDARD} CTV3Code DateEnd Severity IDCode IDEvent IDPatient IDReferralIn IDOrganisation "
    "IDOrganisationRegisteredAt",
    "SRPrimaryCareMedication": f"{_STANDARD} IDMultiLexProduct IDMultiLexPack IDMultiLexDMD NameOfMedication "
    "DateMedicationStart DateMedicationEnd MedicationDosage MedicationQuantity IsSupervised SupervisedDose "
    "UnsupervisedDose IsRepeatMedication IsOtherMedication IsDentalMedication IsHospitalMedication IDRepeatTemplate "
    "IDReferralIn IDEvent IDPatient IDOrganisation IDOrganisationRegisteredAt",
    "SRRepeatTemplate": f"{_STANDARD} IDMultiLexProduct IDMultiLexPack IDMultiLexDMD NameOfMedication "
    "DateMedicationTemplateStart DateMedicationTemplateEnd DateMedicationTemplateReview MedicationDosage "
    "MedicationQuantity MaxIssues CourseLengthPerIssue DrugStatus IDReferralIn IDEvent IDPatient IDOrganisation "
    "IDOrganisationRegisteredAt",
    "SREvent": "RowIdentifier IDOrganisationVisibleTo DateEventRecorded DateEvent IDProfileEnteredBy IDDoneBy "
    "IDStaffMemberProfileRole TextualEventDoneBy IDOrganisationDoneAt IDAuthorisedBy IDProfileAuthorisedBy "
    "ContactEventLocation ContactMethod EventIncomplete ClinicalEvent IDReferralIn IDPatient IDOrganisation IDTeam "
    "IDBranch IDOrganisationRegisteredAt",
    "SRAppointment": "RowIdentifier IDOrganisationVisibleTo DateStart DateEnd AppointmentStatus DateAppointmentBooked "
    "DatePatientArrival DatePatientSeen FollowUpAppointment TelephoneAppointment IDClinician IDProfileClinician "
    "RotaName "
    "RotaType RotaLocation RotaCode IDRotaOwner IDProfileRotaOwner AllowsOverbooking BookingContactNumber "
    "DateAppointmentCancelled IDRota IDReferralIn IDPatient IDOrganisation IDOrganisationRegisteredAt",
    "SRImmunisation": f"{_STANDARD} IDVaccination IDImmunisationContent Dose Location Method DateExpiry ImmsReadCode "
    "ImmsSNOMEDCode VaccPart VaccBatchNumber VaccAreaCode VaccinationStatus IDEvent IDPatient IDOrganisation "
    "IDOrganisationRegisteredAt",
    "SRImmunisationContent": "RowIdentifier Name Content DateDeleted",
    "SRReferralOut": f"{_STANDARD} TypeOfReferral Reason IDProfileReferrer ServiceOffered ReReferral Urgency "
    "PrimaryDiagnosis "
    "SNOMEDPrimaryDiagnosis RecipientID RecipientIDType IDEvent IDPatient IDOrganisation "
    "M101140ReasonForOutOfAreaReferralAdultAcuteMentalHealth IDOrganisationRegisteredAt",
    "SRMapping": "RowIdentifier IdMappingGroup Mapping",
    "SRMappingGroup": "RowIdentifier Group",
    "SROrganisation": "RowIdentifier Name ID HouseName HouseNumber NameOfRoad NameOfLocality NameOfTown NameOfCounty "
    "FullPostCode Telephone SecondaryTelephone Fax MadeObsolete IDTrust IDCcg",
    "SRStaffMember": "RowIdentifier StaffName StaffUserName NationalIdType IDNational IDSmartCard Obsolete",
    "SRStaffMemberProfile": "RowIdentifier DateProfileCreated IdProfileCreatedBy IDStaffMemberProfileRole StaffRole "
    "DateEmploymentStart DateEmploymentEnd PPAID GPLocalCode IDStaffMember IDOrganisation GmpID",
    "SRNDOptOutPreference": "RowIdentifier IDOrganisationVisibleTo IDPatient",
    "SRPatientRemovedByContentFilter": "IDPatient",
}
REFERENCE_TABLES: Final = frozenset(
    {"SRManifest", "SRMapping", "SRMappingGroup", "SROrganisation", "SRStaffMember", "SRStaffMemberProfile",
     "SRImmunisationContent", "SRPatientRemovedByContentFilter"}
)  # fmt: skip
"""Sent whole every time."""
FULL_AGAIN: Final = frozenset({"SRImmunisation"})
"""Sent whole in the second delivery too, as happens: what is not in it is gone."""


@cache
def header(table: str) -> tuple[str, ...]:
    """The columns of a table, in order, without RemovedData."""
    return tuple(TABLES[table].split())
