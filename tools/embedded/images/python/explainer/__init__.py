"""Explains predictions on small tables by SHAP values, over the `explain` verb of KServe's v1 protocol."""

import os

os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # compiling takes seconds, and what runs here gains nothing from it
