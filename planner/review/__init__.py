"""What became of a run: its batches beside the plan, what they cost, and what looks wrong."""
