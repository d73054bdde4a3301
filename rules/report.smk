"""Report: one HTML page from the tables, and its figures as files.

REQUIRED INPUTS: <results>/tables/[VIEW/]..., manifests of the models; predictions and benchmark
files if they exist
OUTPUTS: <results>/report.html, <results>/figures/...
"""


localrules:
    build_report,
    build_figures,


rule build_report:
    """Build the report"""
    input:
        unpack(lambda wc: inputs.report(GRID)),
    output:
        report(
            "<results>/report.html",
            caption="captions/report.rst",
            category="Report",
        ),
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.jsonl"
    conda:
        "../envs/report.yaml"
    params:
        identity=summaries.report(GRID),
    script:
        "../workflow_scripts/build_report.py"


rule build_figures:
    """Draw the figures"""
    input:
        unpack(lambda wc: inputs.figures(GRID)),
    output:
        report(
            figure_files(GRID),
            caption="captions/figure.rst",
            category="Figures",
        ),
    log:
        "<logs>/figures.log",
    benchmark:
        "<benchmarks>/figures.jsonl"
    conda:
        "../envs/report.yaml"
    params:
        identity=summaries.figures(GRID),
    script:
        "../workflow_scripts/build_figures.py"
