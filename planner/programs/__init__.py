"""The programs of a plan: what a person downloads and runs."""

from planner.programs.generate import EDITIONS, Program, generate, program_text, sample, settings_of

__all__ = ["EDITIONS", "Program", "generate", "program_text", "sample", "settings_of"]
