"""The shape of each command's JSON: what stands under its keys, which stay. `probeline COMMAND --help` ends with it.

All keys are named; a key in capitals stands for any number of keys of that kind.
"""

PLAN = (
    "{name, scale, counts: {STATE: trials}, to_run, plugins: {MODULE: file}, resources, "
    "cells: [{label, STATE: trials}], trials: [TRIAL], notes, forecast: {fits, left, tuning_trials, encoders_ready, "
    "worker_seconds, unknown, clock_seconds, at_once, gpu_hours, measured_elsewhere}, "
    "comparisons: [{compared, verdict, seeds, wanted, most, over}], power: {metric, seeds, deviation, pairs, "
    "detectable, targets: [{difference, seeds}], elsewhere}, "
    "budgets: [{label, method, updates, samples, verdict, floor, suggested, exact}]}"
)
TRIAL = "{trial_id, encoder_id, cell, seed, run_id, status, failure, message, protocols}"
RUN = (
    "{experiment, exit_code, finished: [trial_id], failed: {trial_id: class}, crashed: {trial_id: [protocol]}, "
    "interrupted: [trial_id], elsewhere: [trial_id], not_started, restarts: {class: times}, unsent, comparisons}"
)
OF_COLLECTION = {
    "plan": "{name, systems: [{system, paper, protocol, spec, cell, floor, metric, floor_metric, "
    "scales: {SCALE: scale}}], plans: [{file, reason, KEY: as of its plan}]}",
    "status": f"[{TRIAL.replace('{', '{experiment, ', 1)}]",
    "run": f"{{name, runs: [{RUN}], exit_code}}",
    "report": "{name, files}",
}
INDEX = (
    "{files, experiments: [{name, file, scale, question, expected, answer, state, price, metric, "
    "levels: [[line, {n, mean, interval, basis}]], page}]}"
)
REPLAY = (
    "{trial_id, cell, seed, recipe, epoch, step, steps, micro_batch, learning_rate, index, inputs_sha256, draws, "
    "terms: {TERM: value}, replayed: {TERM: value}, gradient_norm, gradients: {PARAMETER: norm}, first_non_finite, "
    "same_inputs}"
)

_ANSWERS = {
    "plan": PLAN,
    "run": RUN,
    "status": f"[{TRIAL}]; with --address {{jobs: [{{id, experiment, state, started, ended, message, exit_code}}]}}",
    "show": "{trial_id, run_id, status, artifacts, params, metrics, notes, tags}; with --diff {trial_id, git_commit, "
    "git_dirty, diff}",
    "views": "{file}",
    "ui": "{url, tracking_uri}, before it serves",
    "doctor": "{good, findings: [{good, what, remedy}]}",
    "report": "{experiment, files, published, expectations, checks: [{good, text}]}",
    "compare": "{metric, cells: [{cell, a, b, difference, low, high, n, p, verdict}], only_a, only_b}",
    "dash": "{url}, before it serves",
    "data": "[{data, digest, sizes: {SPLIT: samples}, classes: {CLASS: [train, validation, test]}, shape, dtype, "
    "labelled, read, contact_sheet}], one a data set",
    "submit": "{job, experiment, packed, omitted, state, exit_code}",
    "logs": "{job, state, log}",
    "stop": "{id, experiment, state, started, ended, message, exit_code}",
    "gc": "{items: [{path, size, why}], bytes, deleted}",
    "list": "[{name, summary, package}]; of one {name, summary, declares, parameters}; of metrics [{name, title, unit, "
    "scale, direction}]; of specs [{name, file, question}]",
    "schema": "the JSON schema itself; with --out {file}",
    "verify": "[{trial_id, cell, seed, run_id, verdict, compared, unequal, same_machine, not_as_recorded, reason, at, "
    "values: {METRIC: {recorded, replayed}}}], one a trial",
    "replay": REPLAY,
    "board": "[{metric, data, protocol, budget, result, groups: [[{entrant, experiments, rank, n, mean, interval, "
    "trials: {SEED: trial_id}}]]}]",
    "index": INDEX,
    "completion": "{shell, script}; with --install {shell, file}",
    "show-spec": "{PATH: {value, origin}}",
    "lint": "[{file, line, column, path, message}]",
    "init": "{file}",
}


def _shape(command: str) -> str:
    of_collection = f" Of a collection: {OF_COLLECTION[command]}." if command in OF_COLLECTION else ""
    return f"--json: {_ANSWERS[command]}.{of_collection} A failure: {{error: {{message, exit_code}}}}."


SHAPES = {command: _shape(command) for command in _ANSWERS}
"""Command -> what it prints with --json."""
