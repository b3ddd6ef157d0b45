"""drt's own HubSpot destination over rows of health, written as new companies; run by the Python that has drt.

Takes the address of the API, a token and how many rows. Prints how many were written, and the CPU and wall seconds of it.
"""

from __future__ import annotations

import json
import os
import sys
import time

from drt.config.models import HubSpotDestinationConfig, SyncOptions
from drt.destinations import hubspot


def main(base: str, token: str, count: int) -> None:
    hubspot._HUBSPOT_API = f"{base}/crm/v3/objects"  # noqa: SLF001 - it has no setting for it
    os.environ["HUBSPOT_TOKEN"] = token
    config = HubSpotDestinationConfig(
        type="hubspot",
        object_type="companies",
        id_property="cs_key",
        auth={"type": "bearer", "token_env": "HUBSPOT_TOKEN"},
    )
    rows = [{"cs_key": f"drt{n:06}", "name": f"Row {n}", "cs_health_score": str(n % 101), "cs_health_band": "green",
             "cs_health_reason": f"{n % 101}: a decision maker scored 2 of 10."} for n in range(count)]  # fmt: skip
    began, cpu = time.monotonic(), time.process_time()
    result = hubspot.HubSpotDestination().load(rows, config, SyncOptions())
    told = {"wall": time.monotonic() - began, "cpu": time.process_time() - cpu}
    sys.stdout.write(json.dumps({"written": result.success, **told}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
