"""A real SLURM of several nodes on this machine, from Debian's packages, for the time of the tests.

munged, slurmctld and one slurmd per node, without accounting and cgroups; nodes claim processors,
memory and GPUs that the machine does not have. Configured in ``/etc/slurm``, since Snakemake's
plugin drops ``SLURM_CONF`` before a job's step. Needs root:

    apt-get install --no-install-recommends slurmctld slurmd slurm-client munge
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CONFIGURATION = Path("/etc/slurm")
MUNGE_SOCKET = Path("/run/munge/munge.socket.2")
NODES = ("node1", "node2")
MARK = "# of the tests of xstilts\n"
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "munged")
SECONDS = 60.0
"""Time limit of starting and stopping, not an expectation."""

SLURM_CONF = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort=26917
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={socket}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SlurmdParameters=config_overrides
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MinJobAge=300
KillWait=20
SlurmdTimeout=20
MailProg=/bin/true
PropagateResourceLimits=NONE
AccountingStorageType=accounting_storage/none
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=1-00:00:00 State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=low Nodes=ALL MaxTime=1-00:00:00 State=UP PriorityTier=1 PreemptMode=REQUEUE
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 Sockets=1 "
    "CoresPerSocket=4 ThreadsPerCore=1 RealMemory=32000 Gres=gpu:2 State=UNKNOWN"
)


def missing() -> str:
    """Return why no SLURM can be started here; empty if one can."""
    if os.geteuid():
        return "starting SLURM needs root"
    if absent := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"not installed: {', '.join(absent)}"
    file = CONFIGURATION / "slurm.conf"
    if file.exists() and not file.read_text().startswith(MARK):
        return f"{file} belongs to another SLURM"
    if "is UP" in _output("scontrol", "ping"):
        return "other tests have started a SLURM"
    return ""


def run(*command: str) -> str:
    """Run a command; return its output."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def wait_until(true: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


@dataclass
class Slurm:
    """The cluster."""

    folder: Path
    """State, spools and logs; others must be able to read it."""
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """Start all daemons; return when the nodes are idle."""
        host = socket.gethostname().split(".")[0]
        numbered = enumerate(NODES)
        nodes = [NODE.format(name=name, host=host, port=26920 + i) for i, name in numbered]
        (self.folder / "state").mkdir()
        CONFIGURATION.mkdir(exist_ok=True)
        values = {"host": host, "folder": self.folder, "socket": MUNGE_SOCKET}
        self._configure("slurm.conf", SLURM_CONF.format(nodes="\n".join(nodes), **values))
        devices = f"Name=gpu File={self._devices()}"
        self._configure("gres.conf", "".join(f"NodeName={name} {devices}\n" for name in NODES))
        self._configure("cgroup.conf", "CgroupAutomount=no\n")
        self._start_munge()
        self.start_controller()
        for node in NODES:
            self.start_node(node)

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Slurm]:
        """Yield a cluster whose folder other users can read, as munge's user must."""
        with tempfile.TemporaryDirectory(prefix="xstilts-slurm-") as name:
            folder = Path(name)
            folder.chmod(0o755)
            slurm = cls(folder)
            try:
                slurm.start()
                yield slurm
            finally:
                slurm.stop()

    def stop(self) -> None:
        """Cancel all jobs, stop all daemons, and remove the configuration."""
        with contextlib.suppress(subprocess.CalledProcessError, AssertionError):
            run("scancel", "--user=root")
            wait_until(lambda: not self.jobs(), "jobs end")
        for name in reversed(list(self.daemons)):
            self.kill(name, signal.SIGTERM)
        for name in ("slurm.conf", "gres.conf", "cgroup.conf"):
            (CONFIGURATION / name).unlink(missing_ok=True)

    def jobs(self, *states: str) -> list[str]:
        """Return the ids of the jobs that are in some states; by default, pending or running."""
        wanted = ",".join(states) or "PD,R,CG,CF,S"
        return run("squeue", "--noheader", "--format=%A", f"--states={wanted}").split()

    def start_controller(self) -> None:
        """Start slurmctld, with the state of an earlier one."""
        self._spawn("slurmctld", ["slurmctld", "-D"])
        wait_until(lambda: "is UP" in _output("scontrol", "ping"), "slurmctld answers")

    def start_node(self, name: str) -> None:
        """Start the slurmd of a node; return when jobs can run there."""
        self._spawn(name, ["slurmd", "-D", "-N", name])
        idle = ["sinfo", "--noheader", "-N", "-n", name, "--format=%T"]
        wait_until(lambda: _output(*idle).strip()[:4] in {"idle", "mixe"}, f"{name} is idle")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End a daemon; jobs go on without their slurmd."""
        process = self.daemons.pop(name)
        process.send_signal(number)
        process.wait(timeout=SECONDS)

    def _spawn(self, name: str, command: Sequence[str]) -> None:
        log = (self.folder / f"{name}.out").open("ab")
        self.daemons[name] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )

    def _devices(self) -> str:
        """Make two devices that behave like ``/dev/null``; return their pattern."""
        for number in range(2):
            device = self.folder / f"gpu{number}"
            os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        return f"{self.folder}/gpu[0-1]"

    def _start_munge(self) -> None:
        if "STATUS" in _output("sh", "-c", "munge -n | unmunge"):
            return
        key = self.folder / "munge/munge.key"
        key.parent.mkdir()
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        for folder in (key.parent, MUNGE_SOCKET.parent):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
            run("chown", "-R", "munge:munge", str(folder))
        options = [f"--{name}-file={key.parent}/munged.{name}" for name in ("pid", "log", "seed")]
        options += [f"--key-file={key}", f"--socket={MUNGE_SOCKET}", "--foreground", "--force"]
        self._spawn("munged", ["runuser", "-u", "munge", "--", "munged", *options])
        wait_until(lambda: "STATUS" in _output("sh", "-c", "munge -n | unmunge"), "munge answers")

    def _configure(self, name: str, text: str) -> None:
        (CONFIGURATION / name).write_text(MARK + text)


def _output(*command: str) -> str:
    """Return a command's output; empty if it fails."""
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout
