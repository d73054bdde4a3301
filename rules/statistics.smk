"""Statistics: comparisons of strategies with intervals, also by groups of languages; claims.

REQUIRED INPUTS: <results>/scores/..., <results>/predictions/..., <results>/data/...
OUTPUTS: <results>/tables/[VIEW/]NAME.* for each module of comparisons/tables
"""


localrules:
    build_statistics,


rule build_statistics:
    """Compare the strategies"""
    input:
        unpack(lambda wc: inputs.statistics(get_view(wc))),
        predictions=lambda wc: ancient(lookups.predictions(get_view(wc))),
        data_files=lambda wc: ancient(lookups.deleted_data(inputs.statistics(get_view(wc))["data"])),
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
        checksums=lambda wc: get_checksums(get_view(wc).study.claims),
    script:
        "../workflow_scripts/build_statistics.py"
