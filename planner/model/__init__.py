"""How it goes: batches, retries, durations, simulated runs, cost."""
