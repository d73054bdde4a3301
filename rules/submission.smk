"""Submissions: predictions and labels in the layout of XTREME and XTREME-R.

REQUIRED INPUTS: <results>/predictions/BASE/seed-SEED/CHAIN/TARGET/LANGUAGE.parquet
OUTPUTS: <results>/submission/BASE/seed-SEED/CHAIN/{manifest.json,labels/,predictions/}
"""


localrules:
    write_submission,


rule write_submission:
    """Write the submission of {wildcards.chain} on {wildcards.base}, seed {wildcards.seed}"""
    input:
        manifests=get_submitted_manifests,
        languages=get_submitted_predictions,
        candidates=lambda wc: ancient(
            lookups.deleted_data(flatten(submissions.candidate_data(GRID)))
        ),
    output:
        manifest="<results>/submission/{base}/seed-{seed}/{chain}/manifest.json",
    log:
        "<logs>/submission/{base}/seed-{seed}/{chain}.log",
    benchmark:
        "<benchmarks>/submission/{base}/seed-{seed}/{chain}.jsonl"
    conda:
        "../envs/score.yaml"
    params:
        identity=submissions.identity(GRID),
        predictions=lambda wc: submissions.prediction_files(GRID, get_submission(wc)),
        data=submissions.candidate_data(GRID),
    script:
        "../workflow_scripts/write_submission.py"
