"""Tables: all result rows, strategy x target, by language, and the overlap audit.

REQUIRED INPUTS: <results>/scores/..., <results>/trivial_baselines/..., <results>/data/...
OUTPUTS: <results>/tables/[VIEW/]{transfer,languages,trivial_baselines,layers,results}.*,
         <results>/tables/overlap.*
"""


localrules:
    build_tables,
    audit_overlap,


rule audit_overlap:
    """Count evaluation examples whose text occurs in training data"""
    input:
        unpack(lambda wc: inputs.overlap(GRID)),
    output:
        table="<results>/tables/overlap.csv",
    log:
        "<logs>/tables/overlap.log",
    benchmark:
        "<benchmarks>/tables/overlap.jsonl"
    conda:
        "../envs/score.yaml"
    params:
        identity=summaries.overlap(GRID),
    script:
        "../workflow_scripts/audit_overlap.py"


rule build_tables:
    """Build the tables"""
    input:
        unpack(lambda wc: inputs.tables(get_view(wc))),
    output:
        transfer=multiext("<results>/tables/{view}transfer", ".md", ".parquet", ".tex"),
        transfer_csv=report(
            "<results>/tables/{view}transfer.csv",
            caption="captions/transfer.rst",
            category="Tables",
        ),
        languages=multiext("<results>/tables/{view}languages", ".md", ".parquet"),
        languages_csv=report(
            "<results>/tables/{view}languages.csv",
            caption="captions/languages.rst",
            category="Tables",
        ),
        trivial_baselines=multiext(
            "<results>/tables/{view}trivial_baselines", ".md", ".csv", ".parquet"
        ),
        layers=multiext("<results>/tables/{view}layers", ".csv", ".parquet"),
        results=multiext("<results>/tables/{view}results", ".csv", ".parquet"),
    log:
        "<logs>/tables/{view}tables.log",
    benchmark:
        "<benchmarks>/tables/{view}tables.jsonl"
    conda:
        "../envs/report.yaml"
    params:
        identity=lambda wc: summaries.tables(get_view(wc)),
    script:
        "../workflow_scripts/build_tables.py"
