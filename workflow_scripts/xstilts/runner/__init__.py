"""How job scripts run: logging, exit codes and error messages, and the fork server.

Importing torch takes longer than a small training job. A run of Snakemake on this machine therefore
starts one *fork server* (``fork_server.py``), which imports what jobs import and then waits. A job
script (``frame.run``) asks it for a fork (``fork_client.py``), in which the job runs as it would in
the script's own process: same arguments, environment, working directory, output and exit code.
If no fork server answers (another host, another environment, plain Python), the job runs in the
script's process; so do jobs that download and jobs that do not need torch.
"""
