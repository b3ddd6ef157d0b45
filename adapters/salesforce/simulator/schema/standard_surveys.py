"""Surveys and their answers, in the notation of `standard`."""

from __future__ import annotations

OBJECTS = {
    "Survey  Survey  Surveys  0Kd": """
Name  string(80)  required name
DeveloperName  string(80)
Description  textarea(4000)
OwnerId  reference(User)
ActiveVersionId  reference(SurveyVersion)  readonly
LatestVersionId  reference(SurveyVersion)  readonly
TotalVersionsCount  int  readonly
""",
    "SurveyVersion  Survey Version  Survey Versions  0Ke  readonly": """
Name  string(80)  required name
SurveyId  reference(Survey)  required children=SurveyVersions
VersionNumber  int
SurveyStatus  picklist(Draft|Active|Inactive|Archived)
""",
    "SurveyQuestion  Survey Question  Survey Questions  0Kh  readonly": """
Name  string(255)  name
QuestionName  string(255)
QuestionType  picklist(Boolean|CSAT|Currency|Date|DateTime|FreeText|Image|Matrix|MultipleChoice|MultiSelectPicklist|NPS|Number|Picklist|RadioButton|StackRank|Rating|ShortText|Slider|Toggle)
SurveyVersionId  reference(SurveyVersion)
IsDeprecated  boolean
""",
    "SurveyInvitation  Survey Invitation  Survey Invitations  0Ki": """
Name  string(255)  auto={0000000000} name
SurveyId  reference(Survey)  children=SurveyInvitations
ParticipantId  reference(Contact|User)  children=SurveyInvitations
OwnerId  reference(User)
ResponseStatus  picklist(NotStarted|Started|Completed|Paused)
InvitationLink  url(1024)  readonly
IsDefault  boolean
OptionsCollectAnonymousResponse  boolean
InviteExpiryDateTime  datetime
""",
    "SurveyResponse  Survey Response  Survey Responses  0Kj  readonly": """
Name  string(255)  auto={0000000000} name
InvitationId  reference(SurveyInvitation)  children=SurveyResponses
SubmitterId  reference(Contact|User)
SurveyId  reference(Survey)
SurveyVersionId  reference(SurveyVersion)
Status  picklist(Started|Completed|Paused)
CompletionDateTime  datetime
Language  picklist(en_US|de|fr)
""",
    "SurveyQuestionResponse  Survey Question Response  Survey Question Responses  0Kr  readonly": """
ResponseId  reference(SurveyResponse)  children=SurveyQuestionResponses
InvitationId  reference(SurveyInvitation)  children=SurveyQuestionResponses
QuestionId  reference(SurveyQuestion)
QuestionChoiceId  string(18)
ChoiceValue  string(255)
NumberValue  int
DateValue  date
DateTimeValue  datetime
IsTrueOrFalse  boolean
ResponseValue  textarea(4000)
ResponseShortText  string(255)
Datatype  picklist(Boolean|Date|Double|Int|Number|String)
SurveyVersionId  reference(SurveyVersion)
""",
}
