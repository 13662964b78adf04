"""Send again what was given up, when a person asks for it."""
