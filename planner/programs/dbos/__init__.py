"""The parts of the DBOS edition that differ from the Python program's."""
