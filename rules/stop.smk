"""How a run stops: signals reach every job, and what the user is told at the end."""

import atexit
import logging
import signal
import threading

from xstilts.runner.run_folder import RunFolder, stop_run
from xstilts.runner.stopping import Stopping, heeded, kill_children

STOPPED = []  # products of the jobs that were running when the run was stopped


def end_at_once(number=signal.SIGINT, _frame=None) -> None:
    """End this process, and all jobs on this machine, without waiting for anything."""
    kill_children()
    # only a lock of this run: Snakemake would remove those of others too
    if getattr(workflow.persistence, "_lockfile", None):
        workflow.persistence.unlock()
    if RUN:
        RUN[0].remove()
    if FINISHING:
        say("\nStopped; all jobs had ended.")
    else:
        say("\nStopped at once; run the same command to continue from what is saved.")
    os._exit(128 + number)


def say(text: str) -> None:
    """Print a line for the user, above the status line; the terminal may be gone."""
    # a closed stream is a ValueError
    with contextlib.suppress(OSError, ValueError):
        stream = SCREENS[0] if SCREENS else sys.stderr
        stream.write(f"{text}\n")
        stream.flush()


def heed_signals_before_run() -> None:
    """Before jobs run, nothing has to be saved: end without a traceback, and unlocked."""
    for number in heeded():
        signal.signal(number, end_at_once)


def heed_signals() -> None:
    """Stop all jobs at SIGINT, SIGTERM or SIGHUP, or when a job stops the run."""
    run = RunFolder()
    stopping = Stopping(run, stop=stop_scheduling, end=end_at_once)
    RUN.extend((run, stopping))
    atexit.register(leave)
    if workflow.local_exec:
        stopping.listen()
    else:
        stopping.interrupt()


def leave() -> None:
    """At the end of this process, remove the run's folder.

    If Snakemake could not write its own files, it has ended without calling `finish_run`.
    """
    run, stopping = RUN
    if not FINISHING and (reason := run.reason()):
        stopping.reason = reason
        run.stop_jobs()
        report_stop(run, stopping)
    run.remove()


def stop_scheduling() -> None:
    """Start no further jobs; called once, when the running ones have been asked to stop."""
    if FINISHING or not workflow.scheduler:
        end_at_once(signal.Signals[RUN[1].signal] if RUN[1].signal else signal.SIGTERM)
    STOPPED.extend(product(job.output[0]) for job in list(workflow.scheduler.running) if job.output)
    count = f"{len(STOPPED)} job{'s' if len(STOPPED) != 1 else ''}"
    say(f"Stopping {count}; a second signal or Ctrl-C ends them at once.")
    # not in a signal handler, which may have interrupted the scheduler while it holds its lock;
    # there, KeyboardInterrupt follows
    if threading.current_thread() is not threading.main_thread():
        workflow.scheduler.exit_gracefully()


def is_stopping() -> bool:
    """True if the run is asked to stop, by a signal or by a job."""
    return RUN[1].asked or bool(RUN[0].reason())


def is_storage_error(record) -> bool:
    """Stop the run if Snakemake itself cannot write; it would print a traceback for each job."""
    if record.levelno < logging.ERROR:
        return False
    problem = storage_problem(RuntimeError(record.getMessage()), Path(GRID.paths.root))
    if problem and stop_run(problem):
        say(f"\n{problem}\n")
    return bool(problem)


def finish_run() -> None:
    """After a run that did not succeed, say why if it was stopped; otherwise, show what exists."""
    # a job may have stopped the run a moment ago, without a signal
    if RUN and is_stopping():
        report_stop(*RUN)
    else:
        write_partial_tables()


def report_stop(run: RunFolder, stopping: Stopping) -> None:
    """Say what became of the jobs of a run that was stopped."""
    from xstilts.results.failures import read

    # those whose shell was ended before them
    while run.has_jobs():
        time.sleep(0.05)
    FINISHING.append(True)
    stop_watching()
    try:
        states = {name: found.state for name, found in read(Path(GRID.paths.failures)).items()}
    except (UserError, OSError):
        states = {}
    saved = sum(states.get(name) == "interrupted" for name in STOPPED)
    jobs = f"; {saved} job{' saved its' if saved == 1 else 's saved their'} state" if saved else ""
    if stopping.reason or run.reason():
        say(f"Stopped, since results cannot be written{jobs}.")
    elif workflow.local_exec:
        say(f"Stopped by {stopping.signal}{jobs}; run the same command to continue.")
    else:
        say(
            f"Stopped by {stopping.signal}; the jobs are cancelled, and training saves its state. "
            "Run the same command to continue."
        )
