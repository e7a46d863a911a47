"""Whether the answer depends on who speaks: bases of counterfactuals, their gaps, the evidence."""
