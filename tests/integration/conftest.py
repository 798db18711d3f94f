import pytest


@pytest.fixture(scope="session")
def wordnet(run_program, tmp_path_factory):
    """The folder that `lambdaforge prepare wordnet` fills."""
    folder = tmp_path_factory.mktemp("wordnet")
    run_program("lambdaforge", "prepare", "wordnet", "--output", folder)
    return folder


@pytest.fixture(scope="session")
def small_recipe(wordnet, base_model):
    """Sections of a short training: two layers, dropout on, twenty steps of eight lists over all ranks."""

    def sections(ranks=1, **training):
        return {
            "model": {"path": base_model, "num_hidden_layers": 2, "max_length": 64},
            "data": {"train": wordnet / "train.jsonl", "eval_size": 16},
            "training": {
                "per_device_train_batch_size": 8 // ranks,
                "learning_rate": 1e-4,
                "max_steps": 20,
                "warmup_ratio": 0.1,
                "logging_steps": 1,
                "save_strategy": "no",
                "seed": 12,
            }
            | training,
        }

    return sections
