"""The steps of build.py, one verb a module: read, render, check, write."""
