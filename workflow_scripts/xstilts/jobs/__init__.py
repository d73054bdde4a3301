"""The jobs of the workflow, from declared inputs to a manifest; scripts call these functions.

A script imports a function only to pass it to the process that runs it. Libraries, which cost a
quarter of a second of every job, are therefore imported in the functions that need them.
"""
