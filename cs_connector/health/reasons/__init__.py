"""Why a customer has its score, in a sentence fit for a CRM field."""
