"""Target rules: products that can be requested by name.

REQUIRED INPUTS: a study. OUTPUTS: all files of one kind of product, and their inputs.
"""


localrules:
    intermediate_models,
    target_models,
    predictions,
    scores,
    tables,
    report,
    figures,
    submission,


rule intermediate_models:
    """All models after intermediate stages, prefixes of chains included."""
    input:
        GRID.intermediate_models(),


rule target_models:
    """All models that predict a cell."""
    input:
        GRID.target_models(),


rule predictions:
    """Predictions of all cells and languages."""
    input:
        lambda wc: GRID.of_all_views(lookups.predictions),


rule scores:
    """Scores of all cells."""
    input:
        GRID.of_all_views(Grid.scores),


rule tables:
    """All tables: transfer, languages, overlap audit, effects, claims."""
    input:
        [
            f"{GRID.in_view(view).paths.tables}/{name}.md"
            for view in GRID.views
            for name in ("transfer", "effects")
        ],


rule report:
    """HTML page with tables, figures, missing results and protocol."""
    input:
        GRID.paths.report,


rule figures:
    """Figures of the report as SVG and PNG."""
    input:
        figure_files(GRID),


rule submission:
    """Predictions and labels in XTREME's layout; not part of rule all."""
    input:
        submissions.manifests(GRID),
