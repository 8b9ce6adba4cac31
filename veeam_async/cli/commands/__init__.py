"""The commands with their arguments; what they do is in a module for each, imported when the command runs."""
