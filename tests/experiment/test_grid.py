"""An experiment expands to the cells that its words promise, in their order."""


def labels(cells):
    return [cell.label for cell in cells]


def test_axes_cross_in_the_order_of_the_file_the_last_fastest(cells_of):
    cells = cells_of("grid:\n  training.lr: [2, 1]\n  encoder.width: [8, 4]\n")
    assert labels(cells) == ["lr=2 width=8", "lr=2 width=4", "lr=1 width=8", "lr=1 width=4"]
    assert cells[1].coordinates == {"training.lr": 2, "encoder.width": 4}
    assert (cells[1].recipe.training.lr, cells[1].recipe.encoder.parameters["width"]) == (2, 4)


def test_a_recipe_has_every_default(cells_of):
    (cell,) = cells_of()
    assert (cell.label, cell.coordinates, cell.arm) == ("lab.contrast", {}, None)
    assert cell.recipe.data.as_dict() == {"name": "lab.scans", "validation": 0.1, "path": None}
    assert cell.recipe.encoder.as_dict() == {"name": "lab.net", "width": 8, "weights": None}
    assert cell.recipe.as_dict()["evaluation"] == {"lab.score": {"k": 20}}
    assert cell.recipe.training.model_dump() == {
        "epochs": 10,
        "batch_size": 128,
        "optimizer": "sgd",
        "lr": 0.05,
        "lr_batch_size": 256,
        "scaling": "none",
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "warmup_epochs": 0,
        "schedule": "cosine",
        "precision": "auto",
        "micro_batch": None,
        "length_buckets": False,
        "online_probe": True,
    }


def test_nested_settings_merge_into_the_defaults_that_the_plugin_declares(cells_of):
    (cell,) = cells_of("arms: {a: {method.augment: {strength: 0.9}}}\n")
    assert cell.recipe.method.parameters["augment"] == {"strength": 0.9, "flip": False}


def test_a_component_with_a_name_replaces_and_one_without_merges(cells_of):
    values = "[{name: lab.net}, {weights: w}, {name: lab.family/a, depth: 3}]"
    cells = cells_of(f"grid: {{encoder: {values}}}\n")
    assert [cell.recipe.encoder.as_dict() for cell in cells] == [
        {"name": "lab.net", "width": 64, "weights": None},
        {"name": "lab.net", "width": 8, "weights": "w"},
        {"name": "lab.family/a", "depth": 3},
    ]
    assert labels(cells) == ["lab.net", "(weights=w)", "lab.family/a"]


def test_a_component_is_chosen_before_its_parameters_whatever_the_order_of_axes(cells_of):
    cells = cells_of("grid:\n  method.temperature: [0.1, 0.2]\n  method: [{name: lab.contrast, projector: none}]\n")
    assert [(c.recipe.method.parameters["temperature"], c.recipe.method.parameters["projector"]) for c in cells] == [
        (0.1, "none"),
        (0.2, "none"),
    ]


def test_components_of_one_plugin_are_told_apart_by_their_parameters(cells_of):
    cells = cells_of("grid: {method: [lab.contrast, {name: lab.contrast, temperature: 0.2}]}\n")
    assert labels(cells) == ["lab.contrast", "lab.contrast(temperature=0.2)"]
    assert [cell.coordinates["method"] for cell in cells] == labels(cells)


def test_an_axis_may_have_labels(cells_of):
    cells = cells_of("grid: {method: {warm: {temperature: 0.9}, plain: lab.contrast}, training.lr: {slow: 0.1}}\n")
    assert labels(cells) == ["warm lr=slow", "plain lr=slow"]
    assert [cell.recipe.training.lr for cell in cells] == [0.1, 0.1]
    assert cells[0].coordinates == {"method": "warm", "training.lr": "slow"}


def test_axes_that_end_alike_are_labelled_with_more_words(cells_of):
    grid = "grid: {evaluation.lab.score.k: [1], evaluation.knn.k: [2], training.lr: [3]}\n"
    (cell,) = cells_of(grid, base=BASE_OF_TURNS.replace("evaluation: lab.score", "evaluation: [lab.score, knn]"))
    assert cell.label == "score.k=1 knn.k=2 lr=3"


def test_cells_that_would_share_a_label_are_numbered(cells_of):
    assert labels(cells_of("grid: {training.lr: [1, 1]}\n")) == ["lr=1", "lr=1 #2"]


def test_zipped_axes_are_walked_together(cells_of):
    cells = cells_of("grid: {method.temperature: [1, 2]}\nzip: [{training.lr: [3, 4], encoder.width: [5, 6]}]\n")
    assert [tuple(cell.coordinates.values()) for cell in cells] == [(1, 3, 5), (1, 4, 6), (2, 3, 5), (2, 4, 6)]


def test_when_overrides_some_cells_and_gives_them_axes(cells_of):
    cells = cells_of(
        """\
grid: {method: [lab.turn, lab.contrast]}
when:
  - if: {method: lab.contrast}
    set: {training.epochs: 3}
    grid: {method.temperature: [0.1, 0.2]}
  - {if: {training.epochs: 3, method.temperature: [0.2, 0.3]}, set: {training.lr: 1}}
"""
    )
    assert labels(cells) == ["lab.turn", "lab.contrast temperature=0.1", "lab.contrast temperature=0.2"]
    assert [cell.recipe.training.epochs for cell in cells] == [10, 3, 3]
    assert [cell.recipe.training.lr for cell in cells] == [0.05, 0.05, 1]


def test_exclude_matches_the_resolved_recipe_by_name_value_list_or_part(cells_of):
    grid = "grid: {method: [lab.turn, lab.contrast], training.lr: [1, 2]}\n"
    assert len(cells_of(f"{grid}exclude: [{{method: lab.turn, training.lr: [2, 3]}}]\n")) == 3
    assert len(cells_of(f"{grid}exclude: [{{method: {{temperature: 0.5}}}}]\n")) == 2
    assert len(cells_of(f"{grid}exclude: [{{method.temperature: 0.5, evaluation: lab.score}}]\n")) == 2


def test_true_is_not_one(mistakes):
    told = mistakes("grid: {training.online_probe: [true, false]}\nexclude: [{training.online_probe: 1}]\n")
    assert "1 matches no cell" in told[0]


def test_arms_stand_beside_the_grid_after_it(cells_of):
    arms = "arms: {floor: {method: lab.turn, training.epochs: 0}, wide: {encoder: {width: 99}}}\n"
    cells = cells_of("grid: {training.lr: [1, 2]}\n" + arms)
    assert labels(cells) == ["lr=1", "lr=2", "floor", "wide"]
    assert (cells[2].arm, cells[2].coordinates, cells[2].recipe.training.epochs) == ("floor", {}, 0)
    assert cells[3].recipe.encoder.parameters["width"] == 99
    assert labels(cells_of(arms)) == ["floor", "wide"]


def test_a_scale_overrides_the_base_replaces_axes_and_pins_them(cells_of):
    text = """\
grid: {training.batch_size: [64, 128], training.lr: [1, 2]}
arms: {floor: {training.epochs: 0}}
scales: {smoke: {set: {training.epochs: 2, training.lr: 5}, grid: {training.batch_size: [8, 16]}}}
"""
    cells = cells_of(text, scale="smoke")
    assert labels(cells) == ["batch_size=8 lr=5", "batch_size=16 lr=5", "floor"]
    assert [cell.recipe.training.epochs for cell in cells] == [2, 2, 0]


def test_a_set_wins_over_the_scale_and_pins_its_axis(cells_of):
    text = "grid: {training.lr: [1, 2]}\nscales: {smoke: {set: {training.lr: 5, training.epochs: 2}}}\n"
    cells = cells_of(text, scale="smoke", sets=["training.lr=7", "encoder.width=3"])
    assert [(c.recipe.training.lr, c.recipe.training.epochs, c.recipe.encoder.parameters["width"]) for c in cells] == [
        (7, 2, 3)
    ]


def test_a_set_reaches_into_the_components_of_an_axis(cells_of):
    cells = cells_of("grid: {method: [lab.contrast, {projector: none}]}\n", sets=["method.temperature=0.9"])
    assert [cell.recipe.method.parameters["temperature"] for cell in cells] == [0.9, 0.9]


def test_a_set_of_a_component_leaves_its_axes_alone(cells_of):
    cells = cells_of("grid: {method.turns: [1, 2]}\n", base=BASE_OF_TURNS, sets=["method={name: lab.turn}"])
    assert [cell.recipe.method.parameters["turns"] for cell in cells] == [1, 2]


BASE_OF_TURNS = "name: x\nbase: {data: lab.scans, encoder: lab.net, method: lab.turn, evaluation: lab.score}\n"


def test_a_set_may_name_a_label(cells_of):
    cells = cells_of("grid: {method: {a: lab.turn, b: {temperature: 0.9}}}\n", sets=["method=b"])
    assert labels(cells) == ["b"]
    assert cells[0].recipe.method.parameters["temperature"] == 0.9


def test_protocols_are_replaced_by_a_list_and_merged_by_a_mapping(cells_of):
    cells = cells_of("grid: {evaluation: [[knn], {knn: {k: 5}}, {lab.score: {k: 3}}]}\n")
    assert [list(cell.recipe.protocols) for cell in cells] == [["knn"], ["lab.score", "knn"], ["lab.score"]]
    assert cells[1].recipe.protocol("knn").parameters["k"] == 5
    assert cells[2].recipe.protocol("lab.score").parameters["k"] == 3


def test_a_grid_too_large_is_refused_before_it_is_made(mistakes):
    axis = list(range(1, 101))
    (told,) = mistakes(f"grid: {{training.lr: {axis}, encoder.width: {axis}, training.epochs: {axis}}}\n")
    assert told == "demo.yaml:8 grid: makes 1,000,000 cells; at most 30,000"
