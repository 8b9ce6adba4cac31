"""The formats of monitoring systems: functions from what was checked, or from rows, to text."""
