"""Write Snakemake's graph of the rules into docs/architecture.md, as a Mermaid diagram.

A developer's command (``make rulegraph``); the workflow never runs it.
"""

from __future__ import annotations

import re
import subprocess
import sys

from developer import ROOT, replace_between

PAGE = ROOT / "docs/architecture.md"
BEGIN, END = "<!-- rule graph: made by `make rulegraph` -->", "<!-- end of rule graph -->"


def graph(mermaid: str) -> str:
    """Return Snakemake's diagram with one node for the predictions of all targets, in fixed order.

    Args:
        mermaid: output of ``snakemake --rulegraph mermaid-js``.
    """
    names = {
        node: re.sub("^predict_.*", "predict_TARGET", rule)
        for node, rule in re.findall(r"^\s*(id\d+)\[(\w+)\]", mermaid, flags=re.M)
    }
    edges = re.findall(r"^\s*(id\d+) --> (id\d+)", mermaid, flags=re.M)
    lines = sorted({f"    {names[start]} --> {names[end]}" for start, end in edges})
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```"])


def rulegraph() -> str:
    """Return the diagram of the default study's report, as of a study without results."""
    command = [sys.executable, "-m", "snakemake", "report", "--rulegraph", "mermaid-js"]
    # rules that have nothing to do any more may be no inputs of others
    command += ["--config", "study=without_results"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return graph(made.stdout)


if __name__ == "__main__":
    replace_between(PAGE, BEGIN, END, rulegraph())
