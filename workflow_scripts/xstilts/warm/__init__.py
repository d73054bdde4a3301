"""Jobs that need not import torch: they are forked from a process that has.

Importing torch is most of what a small training job costs beside its work. A run of Snakemake on
this machine therefore starts one *nursery* (``nursery.py``), which imports what jobs import and
then waits. A job's script asks it for a fork (``xstilts.jobs.run``, ``client.py``), in which the
job runs as it would in the script's own process: same arguments, environment, working directory,
output and exit code. Where no nursery answers (another host, another environment, plain Python)
the job runs in the script's process, as do jobs that download and those that need no torch.
"""
