"""The model card of a training, section by section beside the one that sentence-transformers writes."""

import json
import re

import pytest
import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

LISTS, STEPS = 60, 4

# What the peer has and we do not, and the reason.
NOT_OURS = {
    "Direct Usage (Transformers)": "a comment in the peer's card, to be filled by hand",
    "Downstream Usage (Sentence Transformers)": "a comment",
    "Out-of-Scope Use": "a comment",
    "Bias, Risks and Limitations": "a comment",
    "Recommendations": "a comment",
    "Glossary": "a comment",
    "Model Card Authors": "a comment",
    "Model Card Contact": "a comment",
    "Unnamed Dataset": "ours is named after its file",
}


@pytest.fixture(scope="module")
def lists(wordnet):
    with open(wordnet / "train.jsonl", encoding="utf-8") as lines:
        return [json.loads(next(lines)) for _ in range(LISTS)]


@pytest.fixture(scope="module")
def our_folder(lists, wordnet, base_model, tmp_path_factory):
    from runs import train

    folder = tmp_path_factory.mktemp("card")
    (folder / "words.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lists[:50]))
    (folder / "held-out.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lists[50:]))
    return train(
        folder,
        name="card",
        model={"path": base_model, "num_hidden_layers": 2, "max_length": 64},
        data={"train": folder / "words.jsonl", "eval": folder / "held-out.jsonl"},
        training={
            "per_device_train_batch_size": 2,
            "max_steps": STEPS,
            "learning_rate": 2e-5,
            "seed": 12,
            "logging_steps": 2,
            "eval_strategy": "steps",
            "eval_steps": 2,
            "save_steps": 2,
            "load_best_model_at_end": True,
        },
        evaluation={"nano_beir": wordnet / "nano", "rerank_k": 5},
        card={"model_id": "someone/words", "base_model": "org/base", "language": ["en"], "license": "apache-2.0"},
    )


@pytest.fixture(scope="module")
def our_card(our_folder):
    return (our_folder / "final/README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def peer_card(lists, base_model, tmp_path_factory):
    from datasets import Dataset
    from sentence_transformers import CrossEncoder
    from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
    from sentence_transformers.cross_encoder.evaluation import CrossEncoderRerankingEvaluator
    from sentence_transformers.cross_encoder.losses import LambdaLoss

    folder = tmp_path_factory.mktemp("peer-card")
    model = CrossEncoder(str(base_model), num_labels=1, max_length=64)
    samples = [
        {"query": row["query"], "documents": row["docs"]}
        | {"positive": [doc for doc, label in zip(row["docs"], row["labels"]) if label > 0]}
        for row in lists[50:]
    ]
    evaluator = CrossEncoderRerankingEvaluator(samples, name="words")
    trainer = CrossEncoderTrainer(
        model=model,
        args=CrossEncoderTrainingArguments(
            output_dir=str(folder / "run"),
            max_steps=STEPS,
            per_device_train_batch_size=2,
            learning_rate=2e-5,
            seed=12,
            eval_strategy="steps",
            eval_steps=2,
            save_steps=2,
            logging_steps=2,
            load_best_model_at_end=True,
            metric_for_best_model="eval_words_ndcg@10",
            report_to="none",
        ),
        train_dataset=Dataset.from_list(lists[:50]),
        eval_dataset=Dataset.from_list(lists[50:]),
        loss=LambdaLoss(model),
        evaluator=evaluator,
    )
    trainer.train()
    evaluator(model)
    model.save_pretrained(str(folder / "model"))
    return (folder / "model/README.md").read_text(encoding="utf-8")


def sections(card):
    body = re.sub(r"```.*?```", "", card.split("\n---\n", 1)[1], flags=re.DOTALL)
    return re.findall(r"^#{2,4} (.*)$", body, flags=re.MULTILINE)


def section(card, title):
    return re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#|\Z)", card, re.MULTILINE | re.DOTALL).group(2)


def labels(text):
    return re.findall(r"^- \*\*(.+?):?\*\*", text, flags=re.MULTILINE)


def test_it_has_every_section_of_the_peers_card(our_card, peer_card):
    ours = sections(our_card)
    assert [title for title in sections(peer_card) if title not in ours and title not in NOT_OURS] == []
    assert set(ours) - set(sections(peer_card)) == {
        "words",  # the data sets' names
        "held-out",
        "Cross Encoder Nano BEIR",  # another evaluator
        "Training Hardware",  # the peer's only with CodeCarbon
    } | ({"Environmental Impact"} & set(ours))


def test_it_describes_model_and_times_in_the_same_terms(our_card, peer_card):
    for title in ("Model Description", "Training Time"):
        assert set(labels(section(peer_card, title))) <= set(labels(section(our_card, title)))
    assert "- **Maximum Sequence Length:** 64 tokens\n" in our_card
    assert "- **License:** apache-2.0\n" in our_card
    assert "finetuned from [org/base](https://huggingface.co/org/base)" in our_card


def test_statistics_of_the_data_are_the_peers(our_card, peer_card):
    def rows(card):
        found = [line for line in card.splitlines() if re.match(r"\s+\| (type|modality|details)", line)]
        return [re.sub(r"\s+|(?<=\.\d)0", "", line) for line in found]  # 10.20 is 10.2

    assert rows(our_card) == rows(peer_card)
    assert len(rows(our_card)) == 6
    # The same samples: the first three lists, escaped or not.
    for line in section(peer_card, "Unnamed Dataset").splitlines():
        if "<code>[" in line:
            assert line.split("<code>")[1].split("</code>")[0] in our_card


def test_non_default_hyperparameters_are_the_peers(our_card, peer_card):
    def values(card):
        return dict(re.findall(r"- `(.+)`: (.+)", section(card, "Non-Default Hyperparameters")))

    ours, peers = values(our_card), values(peer_card)
    assert {name: ours[name] for name in peers} == peers


def test_the_hub_reads_its_metadata(our_folder):
    card = ModelCard.load(our_folder / "final/README.md")
    assert card.data.pipeline_tag == "text-ranking"
    assert card.data.library_name == "sentence-transformers"
    assert card.data.license == "apache-2.0" and card.data.language == ["en"]
    assert {"sentence-transformers", "cross-encoder", "reranker", "loss:LambdaLoss", "dataset_size:50"} <= set(
        card.data.tags
    )
    results = card.data.eval_results
    assert all(isinstance(result, EvalResult) for result in results) and len(results) == 4 * 3
    again = ModelCardData(**yaml.safe_load(card.data.to_yaml()), ignore_metadata_errors=False)
    assert again.eval_results == results

    history = json.loads((our_folder / "trainer_state.json").read_text())
    best = [row for row in history["log_history"] if row["step"] == history["best_global_step"]]
    values = {f"eval_{r.dataset_type}_{r.metric_type}": r.metric_value for r in results}
    for name, value in values.items():
        assert any(row.get(name) == value for row in best), name


def test_the_usage_runs_and_prints_the_scores_of_the_card(our_folder, our_card):
    code = re.search(r"```python\n(.*?)```", our_card, re.DOTALL).group(1)
    shown = [float(x) for x in re.search(r"# \[([\d. ]+)\]", code).group(1).split()]
    names = {}
    exec(code.replace("'someone/words'", repr(str(our_folder / "final"))), names)
    assert names["scores"] == pytest.approx(shown, abs=6e-5)
    assert sorted(rank["corpus_id"] for rank in names["ranks"]) == list(range(5))


def test_every_checkpoint_has_a_card_of_its_own_step(our_folder, run_program):
    cards = {path.parent.name: path.read_text() for path in our_folder.glob("*/README.md")}
    assert set(cards) == {"checkpoint-2", "checkpoint-4", "final"}
    for step in (2, 4):
        bold = re.findall(r"^\|\s*\*\*.*$", section(cards[f"checkpoint-{step}"], "Training Logs"), re.MULTILINE)
        assert len(bold) == 1 and f"**{step}**" in bold[0]
    # Made again from the run's files they are the same; the run's own history is a row or two longer.
    for card in our_folder.glob("*/README.md"):
        card.unlink()
    run_program("lambdaforge", "card", our_folder)
    assert {path.parent.name: path.read_text() for path in our_folder.glob("*/README.md")} == cards
