"""The Python program in parts: each an ordinary module, joined into one file by `planner.programs.join`."""
