"""What to change: the caveats of a plan, each with its remedy, and the plans beside it."""
