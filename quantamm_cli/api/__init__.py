"""What Python code calls: composed settings, and a function for what each command does.

Public by way of ``quantamm_cli`` itself.
"""
