"""The parts of the Airflow edition that are not the Python program's; `dag` is a file of its own."""
