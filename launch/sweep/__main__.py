"""lambdaforge sweep: searches for the best recipe with many runs, with Optuna as the engine."""

import sys

from launch.sweep.command_line import main

sys.exit(main(sys.argv[1:]))
