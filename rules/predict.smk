"""Predictions: one job per model and target loads the model once and predicts what is missing.

One rule per target, since the languages of a target are the output files of its job. `update` keeps
existing languages: a new language is predicted alone.

REQUIRED INPUTS: the model's manifest, tokens of the evaluated languages and their data
OUTPUTS: <results>/predictions/BASE/seed-SEED/CHAIN/TARGET/{LANGUAGE.parquet,manifest.json}
"""

for target, node in GRID.names.predicted_targets().items():

    rule:
        name:
            f"predict_{target}"
        input:
            model=get_predicting_model(target),
            # they change with the data, which the job reads too
            tokens=get_evaluation_tokens(target),
            examples=get_deleted_examples(target),
        output:
            # not `update`: deleted on failure, so that outdated languages are not taken for new ones
            manifest=f"<results>/predictions/{{base}}/seed-{{seed}}/{{chain}}/{target}/manifest.json",
            languages=update(
                expand(
                    "<results>/predictions/{{base}}/seed-{{seed}}/{{chain}}/{target}/{language}.parquet",
                    target=target,
                    language=node.languages,
                )
            ),
        log:
            f"<logs>/predictions/{{base}}/seed-{{seed}}/{{chain}}/{target}.log",
        benchmark:
            f"<benchmarks>/predictions/{{base}}/seed-{{seed}}/{{chain}}/{target}.jsonl"
        priority: priorities.prediction(GRID, target)
        conda:
            "../envs/train.yaml"
        threads: 1
        resources:
            gpu=1,
            jobs_per_gpu=GRID.study.resources.jobs_per_gpu,
            mem_mb=8000,
            runtime=lambda wc, attempt: 240 * attempt,
            max_tokens=32768,
        params:
            identity=identities.predictions(GRID, target),
        message:
            f"Predict {target} after {{wildcards.chain}} on {{wildcards.base}}, "
            "seed {wildcards.seed}"
        script:
            "../workflow_scripts/predict_languages.py"
