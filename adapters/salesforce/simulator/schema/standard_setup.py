"""The objects of Setup that clients read and write as records, in the notation of `standard`."""

from __future__ import annotations

OBJECTS = {
    "PermissionSet  Permission Set  Permission Sets  0PS  hard": """
Name  string(80)  required name label=Permission_Set_Name
Label  string(80)  required label=Permission_Set_Label
LicenseId  string(18)
ProfileId  reference(Profile)  readonly
IsOwnedByProfile  boolean  readonly
IsCustom  boolean  readonly
Description  string(255)
NamespacePrefix  string(15)  readonly
HasActivationRequired  boolean
Type  picklist(Regular|Standard|Session|Group|Profile)  readonly
""",
    "PermissionSetAssignment  Permission Set Assignment  Permission Set Assignments  0Pa  hard": """
PermissionSetId  reference(PermissionSet)  required createonly children=Assignments cascade
AssigneeId  reference(User)  required createonly children=PermissionSetAssignments cascade
IsActive  boolean  readonly
ExpirationDate  datetime
""",
    "FieldPermissions  Field Permissions  Field Permissions  01k  hard": """
ParentId  reference(PermissionSet)  required createonly children=FieldPerms cascade
SobjectType  picklist(Account)  required createonly
Field  picklist(Account.Id)  required createonly
PermissionsRead  boolean
PermissionsEdit  boolean
""",
    "ObjectPermissions  Object Permissions  Object Permissions  110  hard": """
ParentId  reference(PermissionSet)  required createonly children=ObjectPerms cascade
SobjectType  picklist(Account)  required createonly
PermissionsCreate  boolean
PermissionsRead  boolean
PermissionsEdit  boolean
PermissionsDelete  boolean
PermissionsViewAllRecords  boolean
PermissionsModifyAllRecords  boolean
PermissionsViewAllFields  boolean
""",
    "CurrencyType  Currency  Currencies  01L  keeps": """
IsoCode  picklist(USD)  required createonly name
ConversionRate  double(6)  required
DecimalPlaces  int  required
IsActive  boolean
IsCorporate  boolean  readonly
""",
}
