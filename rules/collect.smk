"""Products that a user may ask for by name.

REQUIRED INPUTS: a study. OUTPUTS: all files of one product, and what they depend on.
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
    """Every model after an intermediate stage, prefixes of chains included."""
    input:
        GRID.intermediate_models(),


rule target_models:
    """Every model that predicts."""
    input:
        GRID.target_models(),


rule predictions:
    """Predictions of every cell and language."""
    input:
        GRID.of_all_views(Grid.predictions),


rule scores:
    """Scores of every cell."""
    input:
        GRID.of_all_views(Grid.scores),


rule tables:
    """The transfer table, the table by language, the overlap audit, effects and claims."""
    input:
        [
            f"{GRID.in_view(view).paths.tables}/{name}.md"
            for view in GRID.views
            for name in ("transfer", "effects")
        ],


rule report:
    """One HTML page with the tables, what is missing, and the protocol."""
    input:
        GRID.paths.report,


rule figures:
    """The report's figures as SVG and PNG."""
    input:
        figure_files(GRID),


rule submission:
    """Predictions and labels in XTREME's layout; not part of everything."""
    input:
        submissions.manifests(GRID),
