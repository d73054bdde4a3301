"""Tokens of every data set, once per base model, memory-mapped by all stages.

REQUIRED INPUTS: <results>/data/..., <results>/bases/BASE/tokenizer/manifest.json
OUTPUTS: <results>/tokens/BASE/TASK/LANGUAGE/SPLIT.{arrow,json}, SPLIT-PROTOCOL.{arrow,json} for
    protocols with prefixes
"""


rule prepare_tokens:
    """Tokenise {wildcards.task} in {wildcards.language} ({wildcards.split}) for {wildcards.base}"""
    input:
        data="<results>/data/{task}/{language}/{split}.json",
        examples=lambda wc: ancient(
            lookups.deleted_data([GRID.paths.data(wc.task, wc.language, wc.split)])
        ),
        tokenizer="<results>/bases/{base}/tokenizer/manifest.json",
    output:
        tokens="<results>/tokens/{base}/{task}/{language}/{split}{prefixed}.arrow",
        manifest="<results>/tokens/{base}/{task}/{language}/{split}{prefixed}.json",
    log:
        "<logs>/tokens/{base}/{task}/{language}/{split}{prefixed}.log",
    benchmark:
        "<benchmarks>/tokens/{base}/{task}/{language}/{split}{prefixed}.jsonl"
    priority: priorities.TOKENS
    conda:
        "../envs/score.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
        # no parameter: another limit changes no token
        max_unknown_percent=lambda wc: lookups.max_unknown_percent(
            GRID, wc.base, wc.language, wc.split
        ),
    params:
        identity=lambda wc: identities.tokens(GRID, wc.task, wc.prefixed.removeprefix("-")),
    script:
        "../workflow_scripts/prepare_tokens.py"
