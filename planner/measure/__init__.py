"""What a file holds: requests, rows or results, measured before anything is sent."""
