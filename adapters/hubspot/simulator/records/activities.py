"""The built-in properties of activities and of what is sold, in the form of `builtin`."""

from __future__ import annotations

_ACTIVITY = """
hs_timestamp datetime date Activity date
hs_body_preview string text! Body preview
hs_body_preview_html string html! HTML body preview
hs_body_preview_is_truncated bool booleancheckbox! Is the body preview truncated
hs_attachment_ids enumeration checkbox Attached file IDs
hs_obj_coords string text! Object coordinates
hs_unique_id string text! Unique ID
"""
OWN = {
    "tasks": _ACTIVITY
    + """
hs_task_subject string text Task title
hs_task_body string html Notes
hs_task_status enumeration select Task status
hs_task_priority enumeration select Priority
hs_task_type enumeration select Task type
hs_task_reminders string text Reminders
hs_task_completion_date datetime date! Completed at
hs_task_is_completed number number! Is completed
hs_task_is_overdue bool booleancheckbox! Is overdue
hs_queue_membership_ids enumeration checkbox Task queues
""",
    "notes": _ACTIVITY + "\nhs_note_body string html Note body\n",
    "meetings": _ACTIVITY
    + """
hs_meeting_title string text Meeting name
hs_meeting_body string html Meeting description
hs_internal_meeting_notes string html Internal meeting notes
hs_meeting_external_url string text External URL
hs_meeting_location string text Meeting location
hs_meeting_start_time datetime date Meeting start time
hs_meeting_end_time datetime date Meeting end time
hs_meeting_outcome enumeration select Meeting outcome
hs_activity_type string text Call and meeting type
""",
    "calls": _ACTIVITY
    + """
hs_call_title string text Call title
hs_call_body string html Call notes
hs_call_direction enumeration select Call direction
hs_call_disposition string text Call outcome
hs_call_duration number number Call duration
hs_call_from_number string text From number
hs_call_to_number string text To number
hs_call_recording_url string text Recording URL
hs_call_status enumeration select Call status
hs_activity_type string text Call and meeting type
""",
    "emails": _ACTIVITY
    + """
hs_email_subject string text Email subject
hs_email_text string textarea Email text
hs_email_html string html Email HTML
hs_email_direction enumeration select Email direction
hs_email_status enumeration select Email send status
hs_email_headers string text Email headers
hs_email_from_email string text! From address
hs_email_to_email string text! To address
""",
    "products": """
name string text Name
description string textarea Product description
price number number Unit price
hs_sku string text SKU
hs_cost_of_goods_sold number number Unit cost
hs_recurring_billing_period string text Term
recurringbillingfrequency enumeration select Recurring billing frequency
hs_product_type enumeration select Product type
hs_active bool booleancheckbox Status
""",
    "line_items": """
name string text Name
description string textarea Description
hs_product_id number number Product ID
hs_sku string text SKU
price number number Unit price
quantity number number Quantity
discount number number Unit discount
hs_discount_percentage number number Discount percentage
amount number number! Net price
hs_recurring_billing_period string text Term
recurringbillingfrequency enumeration select Recurring billing frequency
hs_line_item_currency_code string text Currency
""",
}
GROUPS = {
    "tasks": ("task", "Task information"),
    "notes": ("note", "Note information"),
    "meetings": ("meeting", "Meeting information"),
    "calls": ("call", "Call information"),
    "emails": ("email", "Email information"),
    "products": ("productinformation", "Product information"),
    "line_items": ("lineiteminformation", "Line item information"),
}
VALUES = {
    "hs_task_status": "NOT_STARTED IN_PROGRESS WAITING DEFERRED COMPLETED",
    "hs_task_priority": "NONE LOW MEDIUM HIGH",
    "hs_task_type": "TODO CALL EMAIL LINKED_IN",
    "hs_meeting_outcome": "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED",
    "hs_call_direction": "INBOUND OUTBOUND",
    "hs_call_status": "BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS MISSED NO_ANSWER QUEUED RINGING",
    "hs_email_direction": "EMAIL INCOMING_EMAIL FORWARDED_EMAIL",
    "hs_email_status": "BOUNCED FAILED SCHEDULED SENDING SENT",
    "recurringbillingfrequency": "monthly quarterly per_six_months annually per_two_years",
    "hs_product_type": "inventory non_inventory service",
}
