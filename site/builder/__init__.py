"""The steps of build.py, one verb a module: read pages, render articles, pack the runtime, check, write."""
