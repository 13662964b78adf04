"""What the generated module takes of Airflow, as small as it can be: for its types, and for tests without the engine."""
