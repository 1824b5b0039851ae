"""Trials on Ray. The environment is set here, as Ray and Tune read it when they are imported."""

import os

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",
}
"""Disables Tune's own logs and state: MLflow holds the record, and a grid is resumed by trial id."""

NICE = {"RAY_worker_niceness": "0"}
"""Trials have the priority of any command: at Ray's 15 two busy processes left them a thirtieth of two cores."""

os.environ.update({key: os.environ.get(key, value) for key, value in {**QUIET, **NICE}.items()})
