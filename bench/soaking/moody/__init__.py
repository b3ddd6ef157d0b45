"""CRMs that answer in every way that they may, to hold the verdicts of adapters against what they really did."""
