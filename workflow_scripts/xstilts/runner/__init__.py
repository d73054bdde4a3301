"""Running of job scripts: logging, exit codes and error messages, and the fork server.

Importing torch takes longer than a small training job. Each run of Snakemake therefore starts a
*fork server* on this machine (``fork_server.py``), which imports the libraries of jobs and waits.
A job script (``frame.run``) requests a fork (``fork_client.py``), in which the job runs as it would
in the script's own process: same arguments, environment, working directory, output and exit code.
If no fork server answers (another host, another environment, plain Python), the job runs in the
script's process; so do jobs that download and jobs that do not need torch.
"""
