"""Every kind of mistake in an experiment, with the exact words that the user reads."""

import pytest


def test_the_example_of_the_style_guide(mistakes, base):
    wrong = base.replace("epochs: 10", "epoch: 10")
    assert mistakes(base=wrong) == ["demo.yaml:6 base.training.epoch: unknown; did you mean 'epochs'?"]


MISTAKES = [
    ("foo: 3", ["demo.yaml:8 foo: unknown; allowed: name, question, expected, base, grid, zip, when, exclude, arms,"]),
    ("questions: why", ["demo.yaml:8 questions: unknown; did you mean 'question'?"]),
    ("grid: {}", ["demo.yaml:8 grid: got {}; allowed: at least 1 entry"]),
    ("grid: [1]", ["demo.yaml:8 grid: got [1]; allowed: a mapping"]),
    (
        "grid: {training.lr: []}",
        ["demo.yaml:8 grid.training.lr: no values; give at least one, or leave the axis out"],
    ),
    ("grid: {training.lr: 3}", ["demo.yaml:8 grid.training.lr: got 3; allowed: a list or a mapping"]),
    ("grid: {training.batchsize: [8]}", ["demo.yaml:8 grid.training.batchsize: unknown; did you mean 'batch_size'?"]),
    ("grid: {batch_size: [8]}", ["demo.yaml:8 grid.batch_size: unknown; did you mean 'training.batch_size'?"]),
    ("grid: {training.batch_size: [8, 0]}", ["demo.yaml:8 grid.training.batch_size[1]: got 0; allowed: at least 2"]),
    ("grid: {training.lr: {slow: -0.5}}", ["demo.yaml:8 grid.training.lr.slow: got -0.5; allowed: at least 0"]),
    ("grid: {method.temperature: [0]}", ["demo.yaml:8 grid.method.temperature[0]: got 0; allowed: above 0"]),
    (
        "grid: {method.temprature: [0.1]}",
        ["demo.yaml:8 grid.method.temprature: unknown to lab.contrast; did you mean 'temperature'?"],
    ),
    (
        "grid: {method.augment.strengh: [0.1]}",
        ["demo.yaml:8 grid.method.augment.strengh: unknown to lab.contrast; did you mean 'strength'?"],
    ),
    (
        "grid:\n  method: [lab.contrast, lab.turn]\n  method.temperature: [0.1]",
        [
            "demo.yaml:10 grid.method.temperature: unknown to lab.turn; allowed: turns; "
            "an axis for some of the cells goes under `when`"
        ],
    ),
    (
        "grid: {method: [{name: lab.contrast, temprature: 1}]}",
        ["demo.yaml:8 grid.method[0].temprature: unknown to lab.contrast; did you mean 'temperature'?"],
    ),
    ("grid: {method: [simclrr]}", ["demo.yaml:8 grid.method[0]: got 'simclrr'; unknown; did you mean 'simclr'?"]),
    ("grid: {method: [3]}", ["demo.yaml:8 grid.method[0]: got 3; allowed: a name, or a mapping with a name"]),
    (
        "grid: {method.projector: [linaer]}",
        [
            "demo.yaml:8 grid.method.projector[0]: got 'linaer'; allowed: 'none', 'linear' or 'nonlinear'; "
            "did you mean 'linear'?"
        ],
    ),
    (
        "grid: {encoder: [lab.family]}",
        ["demo.yaml:8 grid.encoder[0]: got 'lab.family'; a variant is missing; write lab.family/<variant>"],
    ),
    ("grid: {evaluation.scor.k: [3]}", ["demo.yaml:8 grid.evaluation.scor.k: unknown; did you mean 'lab.score'?"]),
    (
        "zip: [{training.lr: [1, 2], encoder.width: [8, 16, 32]}]",
        [
            "demo.yaml:8 zip[0]: unequal lengths: training.lr has 2, encoder.width has 3; "
            "axes of one zip are walked together"
        ],
    ),
    (
        "grid: {training.lr: [1]}\nzip: [{training.lr: [1]}]",
        ["demo.yaml:9 zip[0].training.lr: is an axis already; keep one"],
    ),
    ("exclude: [{}]", ["demo.yaml:8 exclude[0]: got {}; allowed: at least 1 entry"]),
    (
        "exclude: [{method: lab.contrat}]",
        ["demo.yaml:8 exclude[0].method: 'lab.contrat' matches no cell; there: 'lab.contrast'; did you mean"],
    ),
    (
        "grid: {training.lr: [1, 2]}\nexclude: [{training.l: 1}]",
        ["demo.yaml:9 exclude[0].training.l: unknown; did you mean 'training.lr'?"],
    ),
    (
        "zip: [{training.lr: [1, 2], encoder.width: [4, 8]}]\nexclude: [{training.lr: 1, encoder.width: 8}]",
        ["demo.yaml:9 exclude[0]: matches no cell; each of its values occurs, but never together"],
    ),
    ("exclude: [{training.epochs: 10}]", ["demo.yaml:8 exclude: leaves no cell"]),
    (
        "grid: {training.lr: [1, 2]}\nwhen: [{if: {training.lr: 3}, set: {training.epochs: 1}}]",
        ["demo.yaml:9 when[0].if.training.lr: 3 matches no cell; there: 1.0, 2.0"],
    ),
    ("when: [{if: {training.lr: 0.05}}]", ["demo.yaml:8 when[0]: does nothing; give it `set` or `grid`"]),
    ("when: [{set: {training.lr: 0.05}}]", ["demo.yaml:8 when[0].if: missing; it has no default"]),
    (
        "when: [{if: {method: lab.contrast}, sets: {training.lr: 1}}]",
        ["demo.yaml:8 when[0].sets: unknown; did you mean 'set'?"],
    ),
    (
        "grid: {training.lr: [1, 2]}\nwhen: [{if: {training.lr: 1}, grid: {training.lr: [3]}}]",
        ["demo.yaml:9 when[0].grid.training.lr: is an axis of these cells already; use exclude"],
    ),
    ("arms: {a: {methd: lab.turn}}", ["demo.yaml:8 arms.a.methd: unknown; did you mean 'method'?"]),
    (
        "grid: {method: [lab.turn]}\narms: {lab.turn: {}}",
        ["demo.yaml:9 arms.lab.turn: is the label of a cell of the grid too; give the arm another name"],
    ),
    ("seeds: [1, 1]", ["demo.yaml:8 seeds: got [1, 1]; allowed: a count from 1 to 10000, or a list of distinct whole"]),
    ("seeds: 0", ["demo.yaml:8 seeds: got 0; allowed: a count"]),
    ("seeds: true", ["demo.yaml:8 seeds: got true; allowed: a count"]),
    (
        "resources: {gpus: 1.5}",
        ["demo.yaml:8 resources.gpus: got 1.5; allowed: at most 1, as a worker"],
    ),
    ("resources: {cpus: 0}", ["demo.yaml:8 resources.cpus: got 0; allowed: above 0"]),
    ("scales: {smoke: {set: {training.lrr: 1}}}", ["demo.yaml:8 scales.smoke.set.training.lrr: unknown; did you mean"]),
    (
        "grid: {training.lr: [1]}\nscales: {smoke: {grid: {training.r: [1]}}}",
        ["demo.yaml:9 scales.smoke.grid.training.r: unknown; did you mean 'training.lr'?"],
    ),
    ("report: {metric: top1}", ["demo.yaml:8 report.metric: got 'top1'; allowed: protocol/name, such as linear_probe"]),
    ("report: {metric: scores/top1}", ["demo.yaml:8 report.metric: got 'scores/top1'; 'scores' is not evaluated;"]),
    ("report: {baseline: no}", ["demo.yaml:8 report.baseline: got 'no'; no arm, cell or value of an axis has this"]),
    ("report: {baseline: {training.lr: 9}}", ['demo.yaml:8 report.baseline: got {"training.lr": 9}; matches no cell']),
    ("report: {tables: [result]}", ["demo.yaml:8 report.tables[0]: got 'result'; allowed: 'results',"]),
    ("report: {figures: [costt]}", ["demo.yaml:8 report.figures[0]: got 'costt'; unknown; did you mean 'cost'?"]),
    (
        "grid: {training.lr: [1]}\nreport: {figures: [{name: metric_against_axis, x: training.r}]}",
        ["demo.yaml:9 report.figures[0].x: got 'training.r'; not an axis; did you mean 'training.lr'?"],
    ),
    ("name: twice", ["demo.yaml:8 name: given twice, first on line 1; keep one"]),
    ("question: .nan", ["demo.yaml:8 question: got '.nan'; a number must be finite"]),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place_what_came_and_what_is_allowed(mistakes, text, said):
    told = mistakes(text + "\n")
    assert [line[: len(start)] for line, start in zip(told, said, strict=True)] == said


BASE_MISTAKES = [
    ("name: demo", "name: my demo!", "demo.yaml:1 name: got 'my demo!'; allowed: up to 100 letters, digits, '-', '_'"),
    ("name: demo", "question: q", "demo.yaml:1 name: missing; it has no default"),
    ("data: lab.scans", "data: photoss", "demo.yaml:3 base.data: got 'photoss'; unknown; "),
    ("  data: lab.scans\n", "", "demo.yaml:2 base.data: missing; name one of the datasets: "),
    ("width: 8", "width: eight", "demo.yaml:4 base.encoder.width: got 'eight'; allowed: a whole number"),
    ("width: 8", "widht: 8", "demo.yaml:4 base.encoder.widht: unknown to lab.net; did you mean 'width'?"),
    ("epochs: 10", "epochs: '10'", "demo.yaml:6 base.training.epochs: got '10'; allowed: a whole number"),
    ("epochs: 10", "epochs: 1e1", "demo.yaml:6 base.training.epochs: got 10.0; allowed: a whole number"),
    ("epochs: 10", "online_probe: yes", "demo.yaml:6 base.training.online_probe: got 'yes'; allowed: true or false"),
    ("epochs: 10", "lr: true", "demo.yaml:6 base.training.lr: got true; allowed: a number"),
    ("epochs: 10", "momentum: 1", "demo.yaml:6 base.training.momentum: got 1; allowed: below 1"),
    ("batch_size: 128", "batch_size: 0", "demo.yaml:6 base.training.batch_size: got 0; allowed: at least 2"),
    ("[lab.score]", "[lab.score, lab.score]", "demo.yaml:7 base.evaluation[1]: 'lab.score' is given twice; keep one"),
    ("[lab.score]", "{lab.score: {k: 0}}", "demo.yaml:7 base.evaluation.lab.score.k: got 0; allowed: at least 1"),
    ("[lab.score]", "[{k: 3}]", 'demo.yaml:7 base.evaluation[0]: got {"k": 3}; allowed: a name, or a mapping with'),
    ("[lab.score]", "[]", "demo.yaml:7 base.evaluation: empty; protocols: "),
    ("[lab.score]", "3", "demo.yaml:7 base.evaluation: got 3; allowed: text or a list or a mapping"),
]


@pytest.mark.parametrize(("sound", "wrong", "said"), BASE_MISTAKES, ids=[wrong for _, wrong, _ in BASE_MISTAKES])
def test_a_mistake_in_the_base_recipe(mistakes, base, sound, wrong, said):
    (told,) = mistakes(base=base.replace(sound, wrong))
    assert told.startswith(said)


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(mistakes, base):
    wrong = base.replace("width: 8", "width: 0").replace("epochs: 10", "epoch: 3, lr: -1")
    told = mistakes(
        """\
grid: {training.batch_size: [64, 1], method: [lab.turnn]}
seeds: -1
arms:
  other: {method.temperature: 0, foo: 1}
resources: {gpu: 1}
""",
        base=wrong,
        scale="smok",
        sets=["training.wamup_epochs=3"],
    )
    assert [line.partition(": ")[0] for line in told] == [
        "demo.yaml:4 base.encoder.width",
        "demo.yaml:6 base.training.epoch",
        "demo.yaml:6 base.training.lr",
        "demo.yaml:8 grid.training.batch_size[1]",
        "demo.yaml:8 grid.method[0]",
        "demo.yaml:9 seeds",
        "demo.yaml:11 arms.other.method.temperature",
        "demo.yaml:11 arms.other.foo",
        "demo.yaml:12 resources.gpu",
        "--scale smok",
        "--set training.wamup_epochs=3",
    ]


SET_MISTAKES = [
    ("training.epoch=3", "--set training.epoch=3: unknown; did you mean 'epochs'?"),
    ("batch_size=3", "--set batch_size=3: unknown; did you mean 'training.batch_size'?"),
    ("training.lr=-1", "--set training.lr=-1: got -1; allowed: at least 0"),
    ("training={lr: -1}", "--set training={lr: -1} training.lr: got -1; allowed: at least 0"),
    ("method=simclrr", "--set method=simclrr: got 'simclrr'; unknown; did you mean 'simclr'?"),
    ("seeds=none", "--set seeds=none: got 'none'; allowed: a count"),
    ("seeds.x=1", "--set seeds.x=1: unknown; did you mean 'seeds'?"),
    ("resources.gpu=1", "--set resources.gpu=1: unknown; did you mean 'gpus'?"),
    ("resources=1", "--set resources=1: got 1; allowed: a mapping"),
    ("training.lr", "--set training.lr: allowed: key=value, such as training.epochs=3"),
    ("=3", "--set =3: allowed: key=value, such as training.epochs=3"),
    ("training.lr=", "--set training.lr=: no value; allowed: key=value, and null for none"),
    ("training.lr=[", "--set training.lr=[: not YAML: "),
    ("evaluation.lab.score=3", "--set evaluation.lab.score=3: got 3; allowed: a mapping of parameters"),
]


@pytest.mark.parametrize(("text", "said"), SET_MISTAKES, ids=[text for text, _ in SET_MISTAKES])
def test_a_mistake_in_a_set_is_told_at_the_set(mistakes, text, said):
    (told,) = mistakes(sets=[text])
    assert told.startswith(said)


def test_an_unknown_scale_lists_those_there_are(mistakes):
    scales = "scales: {smoke: {seeds: 1}, lab: {seeds: 3}}\n"
    assert mistakes(scales, scale="labb") == ["--scale labb: unknown; scales: smoke, lab; did you mean 'lab'?"]
    assert mistakes(scale="lab") == ["--scale lab: unknown; scales: none in this file"]
