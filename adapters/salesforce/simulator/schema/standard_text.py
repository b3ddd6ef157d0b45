"""The standard objects that customer success reads and writes, in the notation of `standard`."""

from __future__ import annotations

from .standard_address import address

ACTIVITY = """
WhoId  reference(Contact|Lead)  children={plural} cascade label=Name_ID
WhatId  reference(Account|Opportunity|Campaign|Case|Contract|Asset|ServiceContract|Entitlement)  children={plural} cascade label=Related_To_ID
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
CompletedDateTime  datetime  readonly
CallDurationInSeconds  int  label=Call_Duration
CallType  picklist(Internal|Inbound|Outbound)
CallDisposition  string(255)  label=Call_Result
ReminderDateTime  datetime
IsReminderSet  boolean  label=Reminder_Set"""
EVENT = """
Location  string(255)
IsAllDayEvent  boolean
ActivityDateTime  datetime
ActivityDate  date
DurationInMinutes  int
StartDateTime  datetime
EndDateTime  datetime
AccountId  reference(Account)  readonly
EventSubtype  picklist(Event)  createonly default=Event
IsPrivate  boolean  label=Private
ShowAs  picklist(Busy|OutOfOffice|Free)  default=Busy
ReminderDateTime  datetime
IsReminderSet  boolean  label=Reminder_Set"""

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
    "User  User  Users  005  currency  keeps": f"""
Username  string(80)  required unique
LastName  string(80)  required compound=Name
FirstName  string(40)  compound=Name
Name  string(121)  readonly name label=Full_Name
Alias  string(8)
Email  email(128)  required
CompanyName  string(80)
Division  string(80)
Department  string(80)
Title  string(80)
{address("")}
Phone  phone
Fax  phone
MobilePhone  phone
EmployeeNumber  string(20)
CommunityNickname  string(40)  label=Nickname
FederationIdentifier  string(512)  label=SAML_Federation_ID
AboutMe  textarea(1000)
LocaleSidKey  picklist(en_US|en_GB|de_DE|fr_FR)  label=Locale
EmailEncodingKey  picklist(UTF-8|ISO-8859-1)  label=Email_Encoding
LanguageLocaleKey  picklist(en_US|de|fr)  label=Language
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
    "Account  Account  Accounts  001  currency": f"""
MasterRecordId  reference(Account)  readonly
Name  string(255)  required name label=Account_Name compound=Name
Type  picklist(Prospect|Customer|Partner|Former Customer|Other)  label=Account_Type
RecordTypeId  reference(RecordType)
ParentId  reference(Account)  children=ChildAccounts label=Parent_Account_ID
{address("Billing")}
{address("Shipping")}
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
    "Contact  Contact  Contacts  003  currency": f"""
MasterRecordId  reference(Contact)  readonly
AccountId  reference(Account)  children=Contacts cascade
LastName  string(80)  required compound=Name
FirstName  string(40)  compound=Name
Salutation  picklist(Mr.|Ms.|Mrs.|Dr.|Prof.)  compound=Name
Name  string(121)  readonly required name label=Full_Name
RecordTypeId  reference(RecordType)
{address("Other")}
{address("Mailing")}
Phone  phone  label=Business_Phone
Fax  phone  label=Business_Fax
MobilePhone  phone
HomePhone  phone
OtherPhone  phone
AssistantPhone  phone  label=Asst._Phone
ReportsToId  reference(Contact)  label=Reports_To_ID
Email  email
Title  string(128)
Department  string(80)
AssistantName  string(40)  label=Assistant's_Name
LeadSource  picklist(Web|Phone Inquiry|Partner Referral|Purchased List|Other)
Birthdate  date
Description  textarea(32000)  label=Contact_Description
OwnerId  reference(User)
HasOptedOutOfEmail  boolean  label=Email_Opt_Out
LastActivityDate  date  readonly label=Last_Activity
LastCURequestDate  datetime  readonly label=Last_Stay-in-Touch_Request_Date
LastCUUpdateDate  datetime  readonly label=Last_Stay-in-Touch_Save_Date
LastViewedDate  datetime  readonly
LastReferencedDate  datetime  readonly
EmailBouncedReason  string(255)
EmailBouncedDate  datetime
IsEmailBounced  boolean  readonly
PhotoUrl  url  readonly label=Photo_URL
Jigsaw  string(20)  label=Data.com_Key
JigsawContactId  string(20)  readonly relation=JigsawContact
CleanStatus  picklist(Matched|Different|Acknowledged|NotFound|Inactive|Pending|SelectMatch|Skipped)  restricted
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
AssetId  reference(Asset)  children=Cases
Product2Id  reference(Product2)  label=Product_ID
ParentId  reference(Case)  children=Cases
SuppliedName  string(80)  label=Web_Name
SuppliedEmail  email  label=Web_Email
SuppliedPhone  string(40)  label=Web_Phone
SuppliedCompany  string(80)  label=Web_Company
ContactPhone  phone  from=Contact.Phone
ContactMobile  phone  from=Contact.MobilePhone
ContactEmail  email  from=Contact.Email
ContactFax  phone  from=Contact.Fax
RecordTypeId  reference(RecordType)
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
EntitlementId  reference(Entitlement)  children=Cases
LastViewedDate  datetime  readonly
LastReferencedDate  datetime  readonly
""",
    "Opportunity  Opportunity  Opportunities  006  currency": """
AccountId  reference(Account)  children=Opportunities cascade
RecordTypeId  reference(RecordType)
IsPrivate  boolean  label=Private
Name  string(120)  required name
Description  textarea(32000)
StageName  picklist(Prospecting|Qualification|Needs Analysis|Proposal|Negotiation|Closed Won|Closed Lost)  required
Amount  currency
Probability  percent(0)
ExpectedRevenue  currency  readonly
TotalOpportunityQuantity  double(2)  label=Quantity
CloseDate  date  required
Type  picklist(New Business|Renewal|Expansion)
NextStep  string(255)
LeadSource  picklist(Web|Phone Inquiry|Partner Referral|Other)
IsClosed  boolean  readonly
IsWon  boolean  readonly
ForecastCategory  picklist(Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed)  readonly
ForecastCategoryName  picklist(Omitted|Pipeline|Best Case|Most Likely|Commit|Closed)  label=Forecast_Category
OwnerId  reference(User)
ContractId  reference(Contract)
CampaignId  reference(Campaign)  children=Opportunities
FiscalQuarter  int  readonly
FiscalYear  int  readonly
Fiscal  string(6)  readonly label=Fiscal_Period
LastActivityDate  date  readonly
LastViewedDate  datetime  readonly
LastReferencedDate  datetime  readonly
""",
    "OpportunityContactRole  Opportunity Contact Role  Opportunity Contact Roles  00K": """
OpportunityId  reference(Opportunity)  required children=OpportunityContactRoles cascade
ContactId  reference(Contact)  required children=OpportunityContactRoles cascade
Role  picklist(Business User|Decision Maker|Economic Buyer|Evaluator|Executive Sponsor|Influencer|Other)
IsPrimary  boolean
""",
    "Contract  Contract  Contracts  800  currency": f"""
AccountId  reference(Account)  required children=Contracts cascade
ContractNumber  string(30)  auto={{00000000}} name
StartDate  date
EndDate  date  readonly
ContractTerm  int
OwnerId  reference(User)
Status  picklist(Draft|In Approval Process|Activated)  default=Draft
StatusCode  picklist(Draft|InApproval|Activated)  readonly
{address("Billing")}
OwnerExpirationNotice  picklist(15|30|45|60|90|120)
CompanySignedId  reference(User)
CompanySignedDate  date
CustomerSignedId  reference(Contact)  children=ContractsSigned
CustomerSignedTitle  string(40)
CustomerSignedDate  date
SpecialTerms  textarea(4000)
RecordTypeId  reference(RecordType)
Description  textarea(32000)
ActivatedDate  datetime  readonly
""",
    "Asset  Asset  Assets  02i  currency": """
ContactId  reference(Contact)  children=Assets
AccountId  reference(Account)  children=Assets cascade
Product2Id  reference(Product2)  children=Assets label=Product_ID
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
Description  textarea(32000)
IsCompetitorProduct  boolean  label=Competitor_Asset
IsInternal  boolean  label=Internal_Asset
RecordTypeId  reference(RecordType)
OwnerId  reference(User)
""",
    "Task  Task  Tasks  00T  currency": ACTIVITY.format(own=TASK, plural="Tasks"),
    "Event  Event  Events  00U  currency": ACTIVITY.format(own=EVENT, plural="Events"),
}
