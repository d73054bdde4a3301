"""What each job does, from declared inputs to a manifest: the scripts call these.

A script imports a function only to hand it over to the process that runs it. So libraries, which
cost a quarter of a second of every job, are imported in the functions that need them.
"""
