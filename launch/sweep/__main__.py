"""lambdaforge sweep: searches for the best recipe with many runs, with Optuna as the engine."""
