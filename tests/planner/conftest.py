"""How the properties are checked: with fifty examples, and without a limit on time, which other
work on the machine would break.
"""

from hypothesis import settings

settings.register_profile("planner", deadline=None, max_examples=50)
settings.load_profile("planner")
