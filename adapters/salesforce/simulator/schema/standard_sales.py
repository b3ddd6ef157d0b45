"""Leads, campaigns, products and service contracts, in the notation of `standard`."""

from __future__ import annotations

from .standard_address import address

OBJECTS = {
    "Lead  Lead  Leads  00Q  currency": f"""
MasterRecordId  reference(Lead)  readonly
LastName  string(80)  required compound=Name
FirstName  string(40)  compound=Name
Salutation  picklist(Mr.|Ms.|Mrs.|Dr.|Prof.)  compound=Name
Name  string(121)  readonly required name label=Full_Name
RecordTypeId  reference(RecordType)
Title  string(128)
Company  string(255)  required
{address("")}
Phone  phone
MobilePhone  phone
Fax  phone
Email  email
Website  url
PhotoUrl  url  readonly label=Photo_URL
Description  textarea(32000)
LeadSource  picklist(Web|Phone Inquiry|Partner Referral|Purchased List|Other)
Status  picklist(Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted)  required default=Open_-_Not_Contacted
Industry  picklist(Agriculture|Banking|Consulting|Education|Energy|Finance|Healthcare|Hospitality|Insurance|Manufacturing|Media|Retail|Technology|Telecommunications|Transportation|Other)
Rating  picklist(Hot|Warm|Cold)
AnnualRevenue  currency(0)
NumberOfEmployees  int(8)  label=Employees
OwnerId  reference(Group|User)
HasOptedOutOfEmail  boolean  label=Email_Opt_Out
IsConverted  boolean  createonly label=Converted
ConvertedDate  date  readonly
ConvertedAccountId  reference(Account)  readonly
ConvertedContactId  reference(Contact)  readonly
ConvertedOpportunityId  reference(Opportunity)  readonly
IsUnreadByOwner  boolean  label=Unread_By_Owner
LastActivityDate  date  readonly label=Last_Activity
LastViewedDate  datetime  readonly
LastReferencedDate  datetime  readonly
Jigsaw  string(20)  label=Data.com_Key
JigsawContactId  string(20)  readonly relation=JigsawContact
CleanStatus  picklist(Matched|Different|Acknowledged|NotFound|Inactive|Pending|SelectMatch|Skipped)  restricted
CompanyDunsNumber  string(9)  label=Company_D-U-N-S_Number
EmailBouncedReason  string(255)
EmailBouncedDate  datetime
""",
    "Campaign  Campaign  Campaigns  701  currency": """
Name  string(80)  required name label=Name
ParentId  reference(Campaign)  children=ChildCampaigns label=Parent_Campaign_ID
Type  picklist(Conference|Webinar|Trade Show|Public Relations|Partners|Referral Program|Advertisement|Banner Ads|Direct Mail|Email|Telemarketing|Other)  default=Conference
RecordTypeId  reference(RecordType)
Status  picklist(Planned|In Progress|Completed|Aborted)  default=Planned
StartDate  date
EndDate  date
ExpectedRevenue  currency(0)  label=Expected_Revenue_in_Campaign
BudgetedCost  currency(0)  label=Budgeted_Cost_in_Campaign
ActualCost  currency(0)  label=Actual_Cost_in_Campaign
ExpectedResponse  percent(2)  label=Expected_Response_(%)
NumberSent  double(0)  label=Num_Sent_in_Campaign
IsActive  boolean  label=Active
Description  textarea(32000)
OwnerId  reference(User)
LastActivityDate  date  readonly label=Last_Activity
LastViewedDate  datetime  readonly
LastReferencedDate  datetime  readonly
CampaignMemberRecordTypeId  reference(RecordType)  label=Record_Type_ID
""",
    "CampaignMember  Campaign Member  Campaign Members  00v  currency": """
CampaignId  reference(Campaign)  required createonly children=CampaignMembers cascade
LeadId  reference(Lead)  createonly children=CampaignMembers cascade
ContactId  reference(Contact)  createonly children=CampaignMembers cascade
Status  picklist(Sent|Responded)  default=Sent
HasResponded  boolean  readonly label=Responded
FirstRespondedDate  date  readonly
Salutation  string(40)  from=IF(ISBLANK(ContactId),Lead.Salutation,Contact.Salutation)
Name  string(255)  name label=Full_Name from=IF(ISBLANK(ContactId),Lead.Name,Contact.Name)
FirstName  string(40)  from=IF(ISBLANK(ContactId),Lead.FirstName,Contact.FirstName)
LastName  string(80)  from=IF(ISBLANK(ContactId),Lead.LastName,Contact.LastName)
Title  string(128)  from=IF(ISBLANK(ContactId),Lead.Title,Contact.Title)
Phone  phone  from=IF(ISBLANK(ContactId),Lead.Phone,Contact.Phone)
MobilePhone  phone  from=IF(ISBLANK(ContactId),Lead.MobilePhone,Contact.MobilePhone)
Email  email  from=IF(ISBLANK(ContactId),Lead.Email,Contact.Email)
CompanyOrAccount  string(255)  from=IF(ISBLANK(ContactId),Lead.Company,Contact.Account.Name) label=Company_(Account)
Type  string(40)  from=IF(ISBLANK(ContactId),"Lead","Contact")
LeadOrContactId  reference(Contact|Lead)  readonly label=Related_Record_ID
LeadOrContactOwnerId  reference(Group|User)  from=IF(ISBLANK(ContactId),Lead.OwnerId,Contact.OwnerId) label=Related_Record_Owner_ID
""",
    "Product2  Product  Products  01t  currency": """
Name  string(255)  required name label=Product_Name
ProductCode  string(255)
Description  textarea(4000)  label=Product_Description
IsActive  boolean  label=Active
Family  picklist(None)  label=Product_Family
StockKeepingUnit  string(180)  label=Product_SKU
QuantityUnitOfMeasure  picklist(Each)
ExternalId  string(255)
DisplayUrl  url(1000)  label=Display_URL
""",
    "ServiceContract  Service Contract  Service Contracts  810  currency": """
OwnerId  reference(User|Group)
Name  string(255)  required name label=Contract_Name
AccountId  reference(Account)  children=ServiceContracts
ContactId  reference(Contact)  children=ServiceContracts
ContractNumber  string(30)  auto={00000000}
Term  int(8)  label=Term_(months)
StartDate  date
EndDate  date
ActivationDate  datetime
ApprovalStatus  picklist(Draft|In Approval Process|Activated)  default=Draft
Description  textarea(32000)
ParentServiceContractId  reference(ServiceContract)  children=ChildServiceContracts
Status  picklist(Inactive|Active|Expired)  readonly restricted
""",
    "Entitlement  Entitlement  Entitlements  550": """
Name  string(255)  required name label=Entitlement_Name
AccountId  reference(Account)  required children=Entitlements
Type  picklist(Phone Support|Web Support)
ServiceContractId  reference(ServiceContract)  children=Entitlements
AssetId  reference(Asset)  children=Entitlements
StartDate  date
EndDate  date
IsPerIncident  boolean  label=Per_Incident
CasesPerEntitlement  int
RemainingCases  int
Status  picklist(Active|Expired|Inactive)  readonly restricted
""",
    "CaseComment  Case Comment  Case Comments  00a": """
ParentId  reference(Case)  required createonly children=CaseComments cascade
IsPublished  boolean  label=Published
CommentBody  textarea(4000)  label=Body
""",
}
