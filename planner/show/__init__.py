"""How it looks: every word, row and picture of the page."""
