"""The parts of an address, in the notation of `standard`."""

from __future__ import annotations

PRECISIONS = "Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown"


def address(head: str) -> str:
    """The fields of `BillingAddress` for `Billing`; an object with one address only has no head."""
    before = f"{head}_" if head else ""
    compound = f"compound={head}Address"
    return "\n".join([
        f"{head}Street  textarea(255)  {compound}",
        f"{head}City  string(40)  {compound}",
        f"{head}State  string(80)  {compound} label={before}State/Province",
        f"{head}PostalCode  string(20)  {compound} label={before}Zip/Postal_Code",
        f"{head}Country  string(80)  {compound}",
        f"{head}Latitude  double(15)  {compound}",
        f"{head}Longitude  double(15)  {compound}",
        f"{head}GeocodeAccuracy  picklist({PRECISIONS})  restricted {compound}",
        f"{head}Address  address  readonly",
    ])  # fmt: skip
