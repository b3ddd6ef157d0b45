"""A simulated Salesforce org: the REST, SOQL, Collections and Bulk 2.0 answers of API 60 to 67."""

from __future__ import annotations

from .org import SalesforceOrg

__all__ = ["SalesforceOrg"]
