"""Tables: all result rows, strategy x target, by language, and the overlap audit.

REQUIRED INPUTS: <results>/scores/..., <results>/baselines/..., <results>/data/...
OUTPUTS: <results>/tables/{transfer,languages,baselines,layers,results,overlap}.*
"""


localrules:
    build_tables,
    audit_overlap,


rule audit_overlap:
    """Count evaluated examples whose text was trained on"""
    input:
        trained=GRID.training_data(),
        evaluated=GRID.evaluation_data(),
    output:
        table="<results>/tables/overlap.csv",
    log:
        "<logs>/tables/overlap.log",
    benchmark:
        "<benchmarks>/tables/overlap.jsonl"
    conda:
        "../envs/score.yaml"
    params:
        identity=identities.overlap(GRID),
    script:
        "../workflow_scripts/audit_overlap.py"


rule build_tables:
    """Build the tables"""
    input:
        scores=GRID.scores(),
        baselines=GRID.baselines(),
        overlap="<results>/tables/overlap.csv",
    output:
        transfer=multiext("<results>/tables/transfer", ".md", ".parquet", ".tex"),
        transfer_csv=report(
            "<results>/tables/transfer.csv",
            caption="captions/transfer.rst",
            category="Tables",
        ),
        languages=multiext("<results>/tables/languages", ".md", ".parquet"),
        languages_csv=report(
            "<results>/tables/languages.csv",
            caption="captions/languages.rst",
            category="Tables",
        ),
        baselines=multiext("<results>/tables/baselines", ".md", ".csv", ".parquet"),
        layers=multiext("<results>/tables/layers", ".csv", ".parquet"),
        results=multiext("<results>/tables/results", ".csv", ".parquet"),
    log:
        "<logs>/tables/tables.log",
    benchmark:
        "<benchmarks>/tables/tables.jsonl"
    conda:
        "../envs/report.yaml"
    params:
        identity=identities.tables(GRID),
    script:
        "../workflow_scripts/build_tables.py"
