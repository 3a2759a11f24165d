"""The header of every file of the EMIS bulk extract, specification 8.2, and how it drifts between deliveries.

Suppliers change versions without notice: the full delivery here spells `DateOfDeactivation` and has no
AssociatedText, the later ones spell `DateofDeactivation` and have it, and the dictionary's columns have moved. A
reader finds columns by name.
"""

from __future__ import annotations

from typing import Final

from searches.synthetic.deliveries import FULL

HEADERS: Final = {
    "Admin_Organisation": "OrganisationGuid CDB OrganisationName ODSCode ParentOrganisationGuid CCGOrganisationGuid "
    "OrganisationType OpenDate CloseDate MainLocationGuid ProcessingId",
    "Admin_Location": "LocationGuid LocationName LocationTypeDescription ParentLocationGuid OpenDate CloseDate "
    "MainContactName FaxNumber EmailAddress PhoneNumber HouseNameFlatNumber NumberAndStreet Village Town County "
    "Postcode "
    "Deleted ProcessingId",
    "Admin_OrganisationLocation": "OrganisationGuid LocationGuid IsMainLocation Deleted ProcessingId",
    "Admin_Patient": "PatientGuid OrganisationGuid UsualGpUserInRoleGuid Sex DateOfBirth DateOfDeath Title GivenName "
    "MiddleNames Surname DateOfRegistration NhsNumber PatientNumber PatientTypeDescription DummyType "
    "HouseNameFlatNumber "
    "NumberAndStreet Village Town County Postcode ResidentialInstituteCode NHSNumberStatus CarerName CarerRelation "
    "PersonGuid DateOfDeactivation Deleted SpineSensitive IsConfidential EmailAddress HomePhone MobilePhone "
    "ExternalUsualGPGuid ExternalUsualGP ExternalUsualGPOrganisation ContactComments ProcessingId",
    "Admin_PatientHistory": "PatientGuid OrganisationGuid HistoryDate HistoryTime StatusDescription ProcessingId",
    "Admin_UserInRole": "UserInRoleGuid OrganisationGuid Title GivenName Surname JobCategoryCode JobCategoryName "
    "ContractStartDate ContractEndDate RegistrationNumber ProcessingId",
    "Agreements_SharingOrganisation": "OrganisationGuid IsActivated LastModifiedDate Disabled Deleted",
    "Appointment_Session": "AppointmentSessionGuid Description LocationGuid SessionTypeDescription "
    "SessionCategoryDisplayName StartDate StartTime EndDate EndTime Private OrganisationGuid Deleted ProcessingId",
    "Appointment_SessionUser": "SessionGuid UserInRoleGuid Deleted ProcessingId",
    "Appointment_Slot": "SlotGuid AppointmentDate AppointmentStartTime PlannedDurationInMinutes PatientGuid SendInTime "
    "LeftTime DidNotAttend PatientWaitInMin AppointmentDelayInMin ActualDurationInMinutes OrganisationGuid SessionGuid "
    "DnaReasonCodeId BookedDate BookedTime SlotStatus SlotType IsBookableOnline BookingMethod ExternalPatientGuid "
    "ExternalPatientOrganisation ModeOfContact IsBlocked ContextType ServiceSetting NationalSlotCategoryName "
    "NationalSlotCategoryDescription Deleted ProcessingId",
    "Audit_PatientAudit": "ItemGuid PatientGuid OrganisationGuid ModifiedDate ModifiedTime UserInRoleGuid ItemType "
    "ModeType "
    "ProcessingId",
    "Audit_RegistrationAudit": "PatientGuid OrganisationGuid ModifiedDate ModifiedTime UserInRoleGuid ModeType "
    "ProcessingId",
    "CareRecord_Consultation": "ConsultationGuid PatientGuid OrganisationGuid EffectiveDate EffectiveDatePrecision "
    "EnteredDate EnteredTime ClinicianUserInRoleGuid EnteredByUserInRoleGuid AppointmentSlotGuid "
    "ConsultationSourceTerm "
    "ConsultationSourceCodeId Complete ConsultationType Deleted IsConfidential ProcessingId",
    "CareRecord_Diary": "DiaryGuid PatientGuid OrganisationGuid EffectiveDate EffectiveDatePrecision EnteredDate "
    "EnteredTime ClinicianUserInRoleGuid EnteredByUserInRoleGuid CodeId OriginalTerm DurationTerm "
    "LocationTypeDescription "
    "Deleted IsConfidential IsActive IsComplete ConsultationGuid ProcessingId",
    "CareRecord_Observation": "ObservationGuid PatientGuid OrganisationGuid EffectiveDate EffectiveDatePrecision "
    "EnteredDate EnteredTime ClinicianUserInRoleGuid EnteredByUserInRoleGuid ParentObservationGuid CodeId ProblemGuid "
    "ConsultationGuid Value NumericUnit ObservationType NumericRangeLow NumericRangeHigh DocumentGuid Qualifiers "
    "Abnormal AbnormalReason Episode Deleted IsConfidential ProcessingId",
    "CareRecord_ObservationReferral": "ObservationGuid PatientGuid OrganisationGuid ReferralTargetOrganisationGuid "
    "ReferralUrgency ReferralServiceType ReferralMode ReferralReceivedDate ReferralReceivedTime ReferralEndDate "
    "ReferralSourceId ReferralSourceOrganisationGuid ReferralUBRN ReferralReasonCodeId "
    "ReferringCareProfessionalStaffGroupCodeId ReferralEpisodeRTTMeasurementTypeId ReferralEpisodeClosureDate "
    "ReferralEpisodeDischargeLetterIssuedDate ReferralClosureReasonCodeId TransportRequired ProcessingId",
    "CareRecord_Problem": "ObservationGuid PatientGuid OrganisationGuid ParentProblemObservationGuid Deleted EndDate "
    "EndDatePrecision ExpectedDuration LastReviewDate LastReviewDatePrecision LastReviewUserInRoleGuid "
    "ParentProblemRelationship ProblemStatusDescription SignificanceDescription ProcessingId",
    "Coding_ClinicalCode": "CodeId Term ReadTermId SnomedCTConceptId SnomedCTDescriptionId NationalCode "
    "NationalCodeCategory NationalDescription EmisCodeCategoryDescription ParentCodeId ProcessingId",
    "Coding_DrugCode": "CodeId Term DmdProductCodeId BNFChapterRef ProcessingId",
    "Prescribing_DrugRecord": "DrugRecordGuid PatientGuid OrganisationGuid EffectiveDate EffectiveDatePrecision "
    "EnteredDate "
    "EnteredTime ClinicianUserInRoleGuid EnteredByUserInRoleGuid CodeId Dosage Quantity QuantityUnit "
    "ProblemObservationGuid PrescriptionType IsActive CancellationDate NumberOfIssues NumberOfIssuesAuthorised "
    "IsConfidential Deleted ExpiryDate ProcessingId",
    "Prescribing_IssueRecord": "IssueRecordGuid PatientGuid OrganisationGuid DrugRecordGuid EffectiveDate "
    "EffectiveDatePrecision EnteredDate EnteredTime ClinicianUserInRoleGuid EnteredByUserInRoleGuid CodeId Dosage "
    "Quantity QuantityUnit ProblemObservationGuid CourseDurationInDays EstimatedNhsCost IsConfidential EmisCode "
    "PatientMessage ScriptPharmacyStamp Compliance AverageCompliance IsPrescribedAsContraceptive IsPrivatelyPrescribed "
    "PharmacyMessage PharmacyText ConsultationGuid ExpiryDate ReviewDate IssueMethodDescription Deleted ProcessingId",
}
CODE_COLUMNS_LATER: Final = (
    "CodeId Term ReadTermId SnomedCTConceptId SnomedCTDescriptionId NationalCode NationalCodeCategory "
    "NationalDescription "
    "EmisCodeCategoryDescription ProcessingId ParentCodeID"
)


def header(table: str, delivery: int) -> tuple[str, ...]:
    """The columns of a table in a delivery, in order."""
    columns = tuple(HEADERS[table].split())
    if delivery == FULL:
        return columns
    match table:
        case "Admin_Patient":
            return tuple("DateofDeactivation" if name == "DateOfDeactivation" else name for name in columns)
        case "CareRecord_Observation":
            after = columns.index("ConsultationGuid")
            return (*columns[:after], "AssociatedText", *columns[after:])
        case "Coding_ClinicalCode":
            return tuple(CODE_COLUMNS_LATER.split())
        case _:
            return columns
