"""Gates on real processes whose change is known, and the rules of other tools on the same launches."""
