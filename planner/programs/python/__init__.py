"""The Python program in parts: modules that `planner.programs.join` joins into one file."""
