import pytest
from tests.e2e.stage import made
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e")]
def test_x(ran, done, sandbox):
    for w in done.summary["writes"]: print(w)
    print(done.summary["notes"])
    print([r for r in done.ledger][-1])
    print(sandbox.soql("SELECT Install_Id__c, Last_Run__c, Run__c, Version__c FROM CS_Heartbeat__c"))
    sandbox.advance("PT3M"); n=len(sandbox.ledger())
    print(ran.run()["writes"], sandbox.ledger(n))
    sandbox.advance("PT3M"); n=len(sandbox.ledger())
    print(ran.run()["skipped"], sandbox.ledger(n))
    sandbox.advance("P1D")
    s=ran.run()
    print(s["writes"], s["notes"], sandbox.ledger(n))
    sandbox.advance("PT3M"); n=len(sandbox.ledger())
    s=ran.run()
    print(s["writes"], s["notes"], sandbox.ledger(n))
