"""The standard objects that customer success reads and writes, in the notation of `standard`."""

from __future__ import annotations

ACTIVITY = """
WhoId  reference(Contact)  children={plural} cascade label=Name_ID
WhatId  reference(Account|Opportunity|Case|Contract|Asset)  children={plural} cascade label=Related_To_ID
Subject  combobox(Call|Send Letter|Send Quote|Email|Other)  name
{own}
OwnerId  reference(User|Group)
Description  textarea(32000)
Type  picklist(Call|Email|Meeting|Other)
IsArchived  boolean  readonly
"""
TASK = """
ActivityDate  date  label=Due_Date_Only
Status  picklist(Not Started|In Progress|Completed|Waiting on someone else|Deferred)  required default=Not_Started
Priority  picklist(High|Normal|Low)  required default=Normal
IsHighPriority  boolean  readonly
AccountId  reference(Account)  readonly
IsClosed  boolean  readonly
TaskSubtype  picklist(Task|Email|Call)  createonly default=Task
CompletedDateTime  datetime  readonly"""
EVENT = """
Location  string(255)
IsAllDayEvent  boolean
ActivityDateTime  datetime
ActivityDate  date
DurationInMinutes  int
StartDateTime  datetime
EndDateTime  datetime
AccountId  reference(Account)  readonly
EventSubtype  picklist(Event)  createonly default=Event"""

OBJECTS = {
    "Organization  Organization  Organizations  00D  readonly  keeps": """
Name  string(80)  required name
PrimaryContact  string(80)
DefaultLocaleSidKey  picklist(en_US|en_GB|de_DE|fr_FR)
TimeZoneSidKey  picklist(UTC|America/New_York|Europe/London|Europe/Berlin)
LanguageLocaleKey  picklist(en_US|de|fr)
FiscalYearStartMonth  int
OrganizationType  picklist(Developer Edition|Enterprise Edition|Unlimited Edition)
NamespacePrefix  string(15)
InstanceName  string(5)
IsSandbox  boolean
TrialExpirationDate  datetime
""",
    "User  User  Users  005  currency  keeps": """
Username  string(80)  required unique
LastName  string(80)  required
FirstName  string(40)
Name  string(121)  readonly name
Alias  string(8)
Email  email(128)  required
Title  string(80)
Department  string(80)
IsActive  boolean
UserType  picklist(Standard|AutomatedProcess)  readonly
ProfileId  reference(Profile)
UserRoleId  reference(UserRole)
ManagerId  reference(User)
TimeZoneSidKey  picklist(UTC|America/New_York|Europe/London|Europe/Berlin)
LastLoginDate  datetime  readonly
""",
    "Profile  Profile  Profiles  00e  readonly  keeps": "Name  string(255)  required name",
    "UserRole  Role  Roles  00E  keeps": "Name  string(80)  required name",
    "Group  Group  Groups  00G  keeps": """
Name  string(40)  required name
DeveloperName  string(80)
Type  picklist(Regular|Queue|Organization|Role)
Email  email(255)
OwnerId  reference(User)
""",
    "RecordType  Record Type  Record Types  012  keeps": """
Name  string(80)  required name
DeveloperName  string(80)  required
SobjectType  picklist
IsActive  boolean
Description  string(255)
""",
    "Account  Account  Accounts  001  currency": """
MasterRecordId  reference(Account)  readonly
Name  string(255)  required name label=Account_Name compound=Name
Type  picklist(Prospect|Customer|Partner|Former Customer|Other)  label=Account_Type
RecordTypeId  reference(RecordType)
ParentId  reference(Account)  children=ChildAccounts label=Parent_Account_ID
BillingStreet  textarea(255)  compound=BillingAddress
BillingCity  string(40)  compound=BillingAddress
BillingState  string(80)  compound=BillingAddress label=Billing_State/Province
BillingPostalCode  string(20)  compound=BillingAddress label=Billing_Zip/Postal_Code
BillingCountry  string(80)  compound=BillingAddress
BillingLatitude  double(15)  compound=BillingAddress
BillingLongitude  double(15)  compound=BillingAddress
BillingGeocodeAccuracy  picklist(Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown)  restricted compound=BillingAddress
BillingAddress  address  readonly
ShippingStreet  textarea(255)  compound=ShippingAddress
ShippingCity  string(40)  compound=ShippingAddress
ShippingState  string(80)  compound=ShippingAddress label=Shipping_State/Province
ShippingPostalCode  string(20)  compound=ShippingAddress label=Shipping_Zip/Postal_Code
ShippingCountry  string(80)  compound=ShippingAddress
ShippingLatitude  double(15)  compound=ShippingAddress
ShippingLongitude  double(15)  compound=ShippingAddress
ShippingGeocodeAccuracy  picklist(Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown)  restricted compound=ShippingAddress
ShippingAddress  address  readonly
Phone  phone  label=Account_Phone
Fax  phone  label=Account_Fax
AccountNumber  string(40)
Website  url
PhotoUrl  url  readonly label=Photo_URL
Sic  string(20)  label=SIC_Code
Industry  picklist(Agriculture|Banking|Consulting|Education|Energy|Finance|Healthcare|Hospitality|Insurance|Manufacturing|Media|Retail|Technology|Telecommunications|Transportation|Other)
AnnualRevenue  currency(0)
NumberOfEmployees  int(8)  label=Employees
Ownership  picklist(Public|Private|Subsidiary|Other)
TickerSymbol  string(20)
Description  textarea(32000)  label=Account_Description
Rating  picklist(Hot|Warm|Cold)  label=Account_Rating
Site  string(80)  label=Account_Site
OwnerId  reference(User)
LastActivityDate  date  readonly label=Last_Activity
LastViewedDate  datetime  readonly
LastReferencedDate  datetime  readonly
Jigsaw  string(20)  label=Data.com_Key
JigsawCompanyId  string(20)  readonly relation=JigsawCompany label=Jigsaw_Company_ID
CleanStatus  picklist(Matched|Different|Acknowledged|NotFound|Inactive|Pending|SelectMatch|Skipped)  restricted
DunsNumber  string(9)  label=D-U-N-S_Number
Tradestyle  string(255)
NaicsCode  string(8)  label=NAICS_Code
NaicsDesc  string(120)  label=NAICS_Description
YearStarted  string(4)
SicDesc  string(80)  label=SIC_Description
AccountSource  picklist(Web|Phone Inquiry|Partner Referral|Purchased List|Other)
""",
    "Contact  Contact  Contacts  003  currency": """
MasterRecordId  reference(Contact)  readonly
AccountId  reference(Account)  children=Contacts cascade
LastName  string(80)  required
FirstName  string(40)
Salutation  picklist(Mr.|Ms.|Mrs.|Dr.|Prof.)
Name  string(121)  readonly name label=Full_Name
MailingCity  string(40)
MailingCountry  string(80)
Phone  phone
MobilePhone  phone
ReportsToId  reference(Contact)
Email  email
Title  string(128)
Department  string(80)
LeadSource  picklist(Web|Phone Inquiry|Partner Referral|Purchased List|Other)
Birthdate  date
Description  textarea(32000)
OwnerId  reference(User)
HasOptedOutOfEmail  boolean
LastActivityDate  date  readonly
LastCURequestDate  datetime  readonly
IsEmailBounced  boolean  readonly
""",
    "AccountContactRelation  Account Contact Relationship  Account Contact Relationships  07k": """
AccountId  reference(Account)  required children=AccountContactRelations cascade
ContactId  reference(Contact)  required children=AccountContactRelations cascade
Roles  multipicklist(Business User|Decision Maker|Economic Buyer|Economic Decision Maker|Evaluator|Executive Sponsor|Influencer|Technical Buyer|Champion|Other)
IsDirect  boolean  readonly
IsActive  boolean
StartDate  date
EndDate  date
""",
    "AccountTeamMember  Account Team Member  Account Team Member  01M": """
AccountId  reference(Account)  required children=AccountTeamMembers cascade
UserId  reference(User)  required
TeamMemberRole  picklist(Account Manager|Customer Success Manager|Executive Sponsor|Sales Rep|Renewal Manager)
AccountAccessLevel  picklist(None|Read|Edit|All)
Title  string(80)  readonly
""",
    "Case  Case  Cases  500  currency": """
MasterRecordId  reference(Case)  readonly
CaseNumber  string(30)  auto={00000000} name
ContactId  reference(Contact)  children=Cases
AccountId  reference(Account)  children=Cases
ParentId  reference(Case)  children=Cases
SuppliedEmail  email
Type  picklist(Question|Problem|Feature Request|Incident)  label=Case_Type
Status  picklist(New|Working|Waiting|Escalated|Closed)  default=New
Reason  picklist(Installation|Performance|Breakdown|User education|Other)
Origin  picklist(Phone|Email|Web)
Subject  string(255)
Priority  picklist(Critical|High|Medium|Low)  default=Medium
Description  textarea(32000)
IsClosed  boolean  readonly
ClosedDate  datetime  readonly
IsEscalated  boolean
OwnerId  reference(User|Group)
SlaStartDate  datetime  readonly
SlaExitDate  datetime  readonly
""",
    "Opportunity  Opportunity  Opportunities  006  currency": """
AccountId  reference(Account)  children=Opportunities cascade
Name  string(120)  required name
Description  textarea(32000)
StageName  picklist(Prospecting|Qualification|Needs Analysis|Proposal|Negotiation|Closed Won|Closed Lost)  required
Amount  currency
Probability  percent(0)
ExpectedRevenue  currency  readonly
CloseDate  date  required
Type  picklist(New Business|Renewal|Expansion)
NextStep  string(255)
LeadSource  picklist(Web|Phone Inquiry|Partner Referral|Other)
IsClosed  boolean  readonly
IsWon  boolean  readonly
ForecastCategory  picklist(Omitted|Pipeline|BestCase|Forecast|Closed)  readonly
OwnerId  reference(User)
ContractId  reference(Contract)
LastActivityDate  date  readonly
""",
    "OpportunityContactRole  Opportunity Contact Role  Opportunity Contact Roles  00K": """
OpportunityId  reference(Opportunity)  required children=OpportunityContactRoles cascade
ContactId  reference(Contact)  required children=OpportunityContactRoles cascade
Role  picklist(Business User|Decision Maker|Economic Buyer|Evaluator|Executive Sponsor|Influencer|Other)
IsPrimary  boolean
""",
    "Contract  Contract  Contracts  800  currency": """
AccountId  reference(Account)  required children=Contracts cascade
ContractNumber  string(30)  auto={00000000} name
StartDate  date
EndDate  date  readonly
ContractTerm  int
OwnerId  reference(User)
Status  picklist(Draft|In Approval Process|Activated)  default=Draft
StatusCode  picklist(Draft|InApproval|Activated)  readonly
Description  textarea(32000)
ActivatedDate  datetime  readonly
""",
    "Asset  Asset  Assets  02i  currency": """
ContactId  reference(Contact)  children=Assets
AccountId  reference(Account)  children=Assets cascade
ParentId  reference(Asset)  children=ChildAssets
RootAssetId  reference(Asset)  readonly
Name  string(255)  required name
SerialNumber  string(80)
InstallDate  date
PurchaseDate  date
UsageEndDate  date
Status  picklist(Purchased|Shipped|Installed|Registered|Obsolete)
Price  currency
Quantity  double(2)
OwnerId  reference(User)
""",
    "Task  Task  Tasks  00T  currency": ACTIVITY.format(own=TASK, plural="Tasks"),
    "Event  Event  Events  00U  currency": ACTIVITY.format(own=EVENT, plural="Events"),
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
QuestionType  picklist(NPS|Rating|CSAT|FreeText|RadioButton|MultiChoice)
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
Datatype  picklist(Number|String|Boolean|Date|DateTime)
SurveyVersionId  reference(SurveyVersion)
""",
}
