"""The papers' recipes, field by field: what the scale `paper` of each shipped experiment of a paper has."""

import math

IMAGENET_VIEWS = {
    "method.augment.crop_scale": [[0.08, 1.0]],
    "method.augment.crop_ratio": [[3 / 4, 4 / 3]],
    "method.augment.flip": [0.5],
    "method.augment.strength": [1.0],
    "method.augment.jitter": [0.8],
    "method.augment.grey": [0.2],
    "method.augment.blur": [0.5],
    "method.augment_other": [None],
}
RESNET_50 = {
    "data.name": ["image_folder"],
    "data.size": [224],
    "encoder.name": ["resnet"],
    "encoder.depth": [50],
    "encoder.width": [64],
    "encoder.stem": ["imagenet"],
    "encoder.zero_init_residual": [True],
}
NT_XENT = {
    "method.loss.name": ["nt_xent"],
    "method.loss.temperature": [0.1],
    "method.loss.normalise": [True],
    "method.loss.negatives": ["both"],
}
PROJECTOR = {
    "method.projector": ["nonlinear"],
    "method.projector_dim": [128],
    "method.projector_bias": [False],
}
LARS = {
    "training.optimizer": ["lars"],
    "training.momentum": [0.9],
    "training.weight_decay": [1e-6],
    "training.warmup_epochs": [10],
    "training.schedule": ["cosine"],
    "training.scaling": ["linear"],
    "training.batch_size": [4096],
    "training.epochs": [100],
    "peak rate": [4.8],
}
SIMCLR = RESNET_50 | IMAGENET_VIEWS | NT_XENT | PROJECTOR | LARS
FIG_9_BATCHES = [256, 512, 1024, 2048, 4096, 8192]
WITHOUT_STANDARD_VIEWS = {key: value for key, value in SIMCLR.items() if key not in IMAGENET_VIEWS}

RECIPES = {
    "simclr_fig5": WITHOUT_STANDARD_VIEWS,  # crops on both branches, the pair on one; see the test of its colours
    "simclr_fig7": SIMCLR | {"encoder.depth": [18, 34, 50], "encoder.width": [64, 128, 256]},
    "simclr_fig8": SIMCLR
    | {
        "method.projector": ["none", "linear", "nonlinear"],
        "method.projector_dim": [32, 64, 128, 256, 512, 1024, 2048],
    },
    "simclr_fig9": SIMCLR
    | {
        "training.scaling": ["linear", "sqrt"],
        "training.batch_size": FIG_9_BATCHES,
        "training.epochs": [100, 200, 400, 800],
        "peak rate": [0.3 * b / 256 for b in FIG_9_BATCHES] + [0.075 * math.sqrt(b) for b in FIG_9_BATCHES],
    },
    "simclr_table1": SIMCLR
    | {"method.augment.strength": [1 / 8, 1 / 4, 1 / 2, 1.0], "method.augment.blur": [0.0, 0.5]},
    "simclr_table4": RESNET_50
    | IMAGENET_VIEWS
    | PROJECTOR
    | LARS
    | {
        "method.loss.name": ["nt_xent", "nt_logistic", "margin_triplet"],
        "method.loss.negatives": ["one"],
        "method.loss.margin": [0.0, 0.4, 0.8, 1.6],
        "method.loss.temperature": [0.1, 0.2, 0.5, 1.0],
        "method.loss.mining": ["none", "semi_hard"],
        "method.loss.normalise": [True],
        "peak rate": [16 * lr for lr in (0.01, 0.1, 0.3, 0.5, 1.0)],
    },
    "simclr_table5": SIMCLR
    | {"method.loss.normalise": [True, False], "method.loss.temperature": [0.05, 0.1, 0.5, 1.0, 10.0, 100.0]},
    "simclr_table7": SIMCLR
    | {
        "training.epochs": [1000],
        "evaluation.fine_tune.fractions": [[0.01, 0.1, 1.0]],
        "evaluation.fine_tune.epochs": [[60, 30, 30]],
        "evaluation.fine_tune.lr": [[0.05]],
        "evaluation.fine_tune.batch_size": [4096],
        "evaluation.fine_tune.augment.jitter": [0.0],
        "evaluation.fine_tune.augment.grey": [0.0],
        "evaluation.fine_tune.augment.blur": [0.0],
    },
    "rotnet_table2": {
        "data.name": ["cifar10"],
        "method.rotations": [[0, 90, 180, 270], [0, 180], [90, 270], [0, 45, 90, 135, 180, 225, 270, 315]],
        "method.augment.flip": [0.5],
        "method.augment.jitter": [0.0],
        "method.augment.grey": [0.0],
        "method.augment.blur": [0.0],
        "training.optimizer": ["sgd"],
        "training.momentum": [0.9],
        "training.weight_decay": [5e-4],
        "training.batch_size": [128],
        "training.epochs": [200],
        "training.warmup_epochs": [0],
        "peak rate": [0.1],
    },
    "batch_size": SIMCLR
    | {
        "training.batch_size": [256, 1024, 4096],
        "peak rate": [0.3, 1.2, 4.8],
    },
}
CPC_SPEECH = {
    "data.name": ["librispeech"],
    "data.window_s": [1.28],
    "encoder.stack": ["cpc"],
    "encoder.width": [512],
    "encoder.norm": ["none"],
    "encoder.context": ["gru"],
    "encoder.context_width": [256],
    "training.optimizer": ["adamw"],  # without weight decay, which makes it Adam
    "training.weight_decay": [0.0],
    "training.batch_size": [64],
    "peak rate": [2e-4],
}
"""Section 3.1; windows of 20,480 samples."""

RECIPES |= {
    "cpc_speech_table1": CPC_SPEECH | {"method.steps": [12], "method.candidates": ["mixed"]},
    "cpc_speech_table2": CPC_SPEECH
    | {
        "method.steps": [2, 4, 8, 12, 16],
        "method.candidates": ["mixed", "same_speaker", "same_speaker_excluded", "mixed_excluded", "sequence"],
    },
}
BASE = {  # of wav2vec 2.0 and HuBERT
    "encoder.name": ["wave_transformer"],
    "encoder.channels": [512],
    "encoder.width": [768],
    "encoder.depth": [12],
    "encoder.heads": [12],
    "encoder.norm": ["first"],
    "encoder.layer_drop": [0.05],
    "method.penalty_weight": [10.0],
    "method.feature_gradient": [0.1],
    "training.lr": [5e-4],
    "training.weight_decay": [0.01],
}
RECIPES |= {
    "wav2vec_steps": {  # section 4.2 and the tables of 4.3
        "data.window_s": [9.375],
        "encoder.width": [512],
        "encoder.context": ["conv"],
        "encoder.context_layers": [9],
        "encoder.norm": ["group"],
        "method.steps": [8, 12, 16],
        "method.negatives": [1, 2, 5, 10, 20],
        "method.weight": [None],
        "training.schedule": ["cosine"],
        "training.lr": [0.005],
    },
    "wav2vec2_masking": BASE
    | {
        "method.mask_start": [0.075, 0.065, 0.06],
        "method.mask_span": [8, 10, 12, 15],
        "method.distractors": [100],
        "method.groups": [2, 4, 8],
        "method.codes": [320, 18, 8],
        "method.diversity_weight": [0.0, 0.05, 0.1, 0.2],
        "method.start_temperature": [2.0],
        "method.temperature_decay": [0.999995],
        "data.window_s": [15.6],
    },
    "hubert_units": BASE
    | {
        "method.clusters": [100, 500],
        "method.code_dim": [256],
        "method.mask_start": [0.08],
        "method.mask_span": [10],
        "method.alpha": [1.0],
        "method.temperature": [0.1],
    },
}
RECIPES |= {
    "koch_one_shot": {  # sections 3.2 and 4.2; momentum rises from 0.5 there, and the rate falls by 1% an epoch
        "data.sets": [["background"]],
        "data.size": [None],
        "encoder.name": ["koch"],
        "encoder.side": [105],
        "encoder.width": [1.0],
        "encoder.init": ["paper"],
        "method.pairs": [150000],
        "method.redraw": [False],
        "training.batch_size": [128],
        "training.epochs": [200],
        "training.momentum": [0.5],
    },
    "facenet_mining": {
        "method.loss.margin": [0.2],
        "method.loss.squared": [True],
        "method.loss.normalise": [True],
        "method.embedding_dim": [128],
        "method.per_class": [40],
        "training.batch_size": [1800],
    },
}
GPT = {  # section 4.1
    "encoder.causal": [True],
    "encoder.norm": ["post"],
    "encoder.width": [768],
    "encoder.depth": [12],
    "encoder.heads": [12],
    "encoder.context": [512],
    "encoder.dropout": [0.1],
    "training.epochs": [100],
    "training.batch_size": [64],
    "training.weight_decay": [0.01],
    "peak rate": [2.5e-4],
    "evaluation.fine_tune.lr": [[6.25e-5]],
    "evaluation.fine_tune.batch_size": [32],
    "evaluation.fine_tune.warmup": [0.002],
    "evaluation.fine_tune.schedule": ["linear"],
}
BERT = {  # appendix A.2
    "encoder.norm": ["post"],
    "encoder.context": [512],
    "encoder.dropout": [0.1],
    "method.share": [0.15],
    "training.batch_size": [256],
    "training.epochs": [40],
    "training.weight_decay": [0.01],
    "peak rate": [1e-4],
}
BERT_TUNED = {"evaluation.fine_tune.lr": [[5e-5, 4e-5, 3e-5, 2e-5]], "evaluation.fine_tune.batch_size": [32]}
RECIPES |= {
    "gpt_auxiliary": GPT | {"training.epochs": [100, 0], "evaluation.fine_tune.auxiliary": [0.5, 0.0]},
    "gpt_layers": GPT | {"training.epochs": [100, 0], "evaluation.fine_tune.layers": [None, *range(13)]},
    "bert_pretraining_tasks": BERT | BERT_TUNED | {"method.next_sentence": [True, False], "encoder.depth": [12]},
    "bert_size": BERT | BERT_TUNED | {"encoder.depth": [3, 6, 12, 24], "encoder.width": [768, 1024]},
    "bert_masking": BERT
    | {
        "encoder.width": [768],
        "encoder.depth": [12],
        "method.masked": [0.8, 1.0, 0.0],
        "method.random": [0.1, 0.0, 0.2, 0.8, 1.0],
    },
    "vqvae_speech": {  # sections 3 and 4.3; steps and rate are those of section 4.1
        "method.codes": [128],
        "method.code_rate": [25, 50],
        "method.beta": [0.25],
        "method.codebook": ["gradient"],
        "training.batch_size": [128],
        "peak rate": [2e-4],
    },
}
METHODS = {
    "gpt_auxiliary": "gpt",
    "gpt_layers": "gpt",
    "bert_pretraining_tasks": "bert",
    "bert_size": "bert",
    "bert_masking": "bert",
    "rotnet_table2": "rotation",
    "vqvae_speech": "vqvae_audio",
    "koch_one_shot": "siamese",
    "facenet_mining": "triplet",
    "cpc_speech_table1": "cpc_speech",
    "cpc_speech_table2": "cpc_speech",
    "wav2vec_steps": "wav2vec",
    "wav2vec2_masking": "wav2vec2",
    "hubert_units": "hubert",
}
"""Whose recipe is held to the paper's, where it is not SimCLR's."""

OF_NO_PAPER = {"loss_cost", "siamese_mnist", "bromley_signatures", "xing_constraints"}
"""Experiments in which no paper's recipe is trained."""
