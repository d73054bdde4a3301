"""Report: one HTML page from the tables.

REQUIRED INPUTS: <results>/tables/...
OUTPUTS: <results>/report.html
"""


localrules:
    build_report,


rule build_report:
    """Build the report"""
    input:
        tables=multiext(
            "<results>/tables/", "transfer.parquet", "languages.parquet", "layers.parquet"
        ),
        overlap="<results>/tables/overlap.csv",
    output:
        "<results>/report.html",
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.jsonl"
    conda:
        "../envs/report.yaml"
    params:
        identity=identities.report(GRID),
    script:
        "../workflow_scripts/build_report.py"
