"""Statistics: comparisons of strategies with intervals, also by groups of languages; claims.

REQUIRED INPUTS: <results>/scores/..., <results>/predictions/...
OUTPUTS: <results>/tables/[VIEW/]NAME.* for each module of comparisons/tables
"""


localrules:
    build_statistics,


rule build_statistics:
    """Compare the strategies"""
    input:
        scores=lambda wc: get_view(wc).scores(),
        # development sets that choose the best strategy of a target
        choice=get_choice_scores,
        predictions=lambda wc: ancient(get_view(wc).predictions()),
        # for the difficulty of intermediate tasks and the size of base models
        models=[*GRID.intermediate_models(), *map(GRID.paths.base, GRID.study.bases)],
        claims=GRID.study.claims,
    output:
        [
            f"<results>/tables/{{view}}{name}.{end}"
            for name in COMPARISONS
            for end in ("md", "csv", "parquet")
        ],
    log:
        "<logs>/tables/{view}statistics.log",
    benchmark:
        "<benchmarks>/tables/{view}statistics.jsonl"
    conda:
        "../envs/report.yaml"
    params:
        identity=lambda wc: summaries.statistics(get_view(wc)),
    script:
        "../workflow_scripts/build_statistics.py"
