"""The C++ tokenizer against Hugging Face's `tokenizers`: every id and type id must be equal."""

import gzip
import json
import os
import random
import subprocess
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
tokenizers = pytest.importorskip("tokenizers")

ROOT = Path(__file__).resolve().parents[2]
TOOL = Path(os.environ.get("LAMBDAFORGE_BUILD", ROOT / "build/release")) / "bin/tokenize_pairs"
MODEL = Path(os.environ.get("LAMBDAFORGE_MODEL", ROOT / ".deps/models/all-MiniLM-L6-v2"))
SHARED = Path(os.environ.get("LAMBDAFORGE_SHARED", ROOT.parent / "shared"))
WORDNET = Path("/usr/share/wordnet")
MAX_LENGTHS = (512, 128, 32)


# --- running both sides ---------------------------------------------------------------------------


def ours(directory, pairs):
    lines = (json.dumps(dict(zip(("query", "document", "max_length"), pair)), ensure_ascii=False) for pair in pairs)
    done = subprocess.run([TOOL, directory], input="\n".join(lines).encode(), stdout=subprocess.PIPE, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [(row["ids"], row["type_ids"]) for row in rows]


def by_length(pairs, encode):
    """encode(pairs, max_length) -> [(ids, type_ids)], once a length: a batch has only one."""
    results = [None] * len(pairs)
    for max_length in {pair[2] for pair in pairs}:
        places = [place for place, pair in enumerate(pairs) if pair[2] == max_length]
        for place, row in zip(places, encode([pairs[place][:2] for place in places], max_length)):
            results[place] = row
    return results


def theirs(tokenizer, pairs):
    def encode(texts, max_length):
        tokenizer.enable_truncation(max_length, strategy="longest_first")
        return [(row.ids, row.type_ids) for row in tokenizer.encode_batch(texts)]

    tokenizer.no_padding()
    return by_length(pairs, encode)


def transformers_encode(tokenizer, pairs):
    def encode(texts, max_length):
        rows = tokenizer(*map(list, zip(*texts)), truncation="longest_first", max_length=max_length)
        return zip(rows["input_ids"], rows["token_type_ids"])

    return by_length(pairs, encode)


def assert_equal(directory, pairs, tokenizer=None):
    peer = tokenizer or tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
    expected, actual = theirs(peer, pairs), ours(directory, pairs)
    assert len(actual) == len(pairs)
    wrong = [place for place in range(len(pairs)) if actual[place] != expected[place]]
    if wrong:
        place = wrong[0]
        pytest.fail(
            f"{len(wrong)} of {len(pairs)} pairs differ; the first, {pairs[place]!r}:\n"
            f"ours {actual[place]}\npeer {expected[place]}"
        )


def with_lengths(texts):
    return [(query, document, MAX_LENGTHS[i % 3]) for i, (query, document) in enumerate(texts)]


# --- texts ----------------------------------------------------------------------------------------


def json_lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {row["_id"]: row["text"] for row in map(json.loads, lines)}


def squad_pairs(limit):
    folder = SHARED / "data/squad"
    if not folder.is_dir():
        pytest.skip(f"no SQuAD in {folder}: set LAMBDAFORGE_SHARED to the folder of data/squad")
    queries = json_lines(folder / "queries.jsonl.gz")
    corpus = json_lines(folder / "corpus.jsonl.gz")
    with gzip.open(folder / "qrels.train.tsv.gz", "rt") as rows:
        judged = [row.split("\t") for row in rows][1 : limit + 1]
    return [(queries[query], corpus[document]) for query, document, _ in judged]


def wordnet_pairs(limit):
    if not WORDNET.is_dir():
        pytest.skip(f"no WordNet in {WORDNET}; apt-get install wordnet-base")
    pairs = []
    for part in ("adj", "adv", "verb", "noun"):
        for line in (WORDNET / f"data.{part}").read_text("utf-8", "replace").splitlines():
            if line.startswith("  "):
                continue  # the licence
            synset, gloss = line.split(" | ", 1)
            fields = synset.split(" ")
            words = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
            pairs.append((" ".join(words).replace("_", " "), gloss))
    return pairs[:limit]


BLOCKS = [
    (0x00, 0x7F), (0x80, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x8FF), (0x900, 0xDFF),
    (0xE00, 0xFFF), (0x1100, 0x11FF), (0x1DC0, 0x1FFF), (0x2000, 0x206F), (0x20A0, 0x24FF),
    (0x3000, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7AF), (0xE000, 0xF8FF),
    (0xF900, 0xFAFF), (0xFB00, 0xFFFF), (0x10000, 0x1FFFF), (0x1D165, 0x1D1AD), (0x1F300, 0x1FAFF),
    (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF), (0x2F800, 0x2FA1F), (0x30000, 0x323AF),
    (0xE0000, 0xE01FF), (0xF0000, 0x10FFFF), (0x80, 0x10FFFF),
]  # fmt: skip
FRAGMENTS = [
    "[SEP]", "[sep]", "a[MASK]b", "[CLS][SEP]", "[ SEP ]", "[PAD", "[UNK]", "##ing", "\u200d",
    "\u202e", "\ufeff", "\ufffd", "\x00", "\x1f", "\x7f", "\x85", "\u00a0", "\u3000", "\u2028",
    "\t\r\n", "   ", "", "e\u0301", "\u0130", "I\u0307", "\u03a3", "\u1e9e", "\ud55c\uae00",
    "\u30ac", "\u0439", "\u2f00", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\u20ac\u20bf",
    "don't", "U.S.A.", "x" * 100, "x" * 101, "\u00e9" * 100, "e\u0301" * 101, "na\u00efve", "THE",
    "transformers", "\u1f82", "\U0001d15e", "a\u0301\x01\u0323", "\U0001d16d\U0001d165",
    "\u0f73\u0f72", "<new>", "  <new> ", "New York", "x<new>y", "\u00e9cole", "Ecole", "\u3007",
]  # fmt: skip


def hostile_word(rng):
    kind = rng.random()
    if kind < 0.35:
        return rng.choice(FRAGMENTS)
    if kind < 0.5:
        return "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEF0123-.,", k=rng.randint(1, 12)))
    low, high = rng.choice(BLOCKS)
    length = rng.choice((1, 2, 3, 5, 8, 130)) if rng.random() < 0.2 else rng.randint(1, 4)
    points = (rng.randint(low, high) for _ in range(length))
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


def hostile_text(rng):
    words = [hostile_word(rng) for _ in range(rng.choice((0, 1, 2, 5, 10, 20, 40)))]
    return "".join(word + rng.choice(("", " ", "")) for word in words)


def hostile_pairs(count, seed):
    rng = random.Random(seed)
    return with_lengths([(hostile_text(rng), hostile_text(rng)) for _ in range(count)])


# Marks that outlive the stripping of accents, so their canonical order shows: no nonspacing marks,
# or younger than the peer's tables.
MARKS = [
    *range(0x8D4, 0x8E2), *range(0x1DF6, 0x1DFC), 0x302E, 0x302F, *range(0x1D165, 0x1D16A),
    *range(0x1D16D, 0x1D173), 0x9FE, 0xD3B, 0x7FD, 0x10D24, 0x11C3F, 0x11D42, 0x11839, 0x1E000,
    0x1E130, 0x1E944, 0x1E94A, 0x301, 0x323, 0x345, 0x34F, 0x1, 0x200B, 0x1D15E, 0x73,
]  # fmt: skip


def mark_pairs(count, seed):
    rng = random.Random(seed)

    def word():
        return "a" + "".join(map(chr, rng.choices(MARKS, k=rng.randint(1, 5))))

    return [(" ".join(word() for _ in range(20)), "", 10_000) for _ in range(count)]


# --- tokenizer directories ------------------------------------------------------------------------


def variant(folder, change):
    """A copy of the base tokenizer whose tokenizer.json went through `change`."""
    tokenizer = json.loads((MODEL / "tokenizer.json").read_text("utf-8"))
    change(tokenizer)
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), "utf-8")
    return folder


def set_normalizer(**options):
    return lambda tokenizer: tokenizer["normalizer"].update(options)


def add_tokens(tokenizer):
    flags = ("lstrip", "rstrip", "single_word", "normalized", "special")
    added = [
        ("<new>", ("lstrip", "rstrip")),
        ("<new> ", ("special",)),
        ("York", ("single_word",)),
        ("new york", ("normalized", "single_word")),
        ("\u00c9cole", ("normalized",)),
        ("\u20ac", ("normalized", "lstrip")),
        ("don", ("normalized", "rstrip")),
        ("the", ("special", "single_word", "lstrip", "rstrip")),
    ]
    vocabulary = tokenizer["model"]["vocab"]
    fresh = len(vocabulary)
    for content, on in added:
        token = {"id": vocabulary.get(content, fresh), "content": content}
        token.update({flag: flag in on for flag in flags})
        fresh += content not in vocabulary
        tokenizer["added_tokens"].append(token)


def every_character(tokenizer):
    """A vocabulary of single characters shows what a real one hides behind [UNK]."""
    points = [*range(0x21, 0xD800), *range(0xE000, 0x20000), *range(0x2F800, 0x2FA20)]
    points += range(0xE0000, 0xE0200)
    vocabulary = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103}
    for place, point in enumerate(points):
        vocabulary[chr(point)] = 1000 + 2 * place
        vocabulary["##" + chr(point)] = 1001 + 2 * place
    tokenizer["model"]["vocab"] = vocabulary


def add_tokens_cased(tokenizer):
    add_tokens(tokenizer)
    tokenizer["normalizer"]["lowercase"] = False


VARIANTS = {
    "cased": set_normalizer(lowercase=False),
    "cased_no_accents": set_normalizer(lowercase=False, strip_accents=True),
    "accents_kept": set_normalizer(strip_accents=False),
    "control_kept": set_normalizer(clean_text=False),
    "ideographs_joined": set_normalizer(handle_chinese_chars=False),
    "added_tokens": add_tokens,
    "added_tokens_cased": add_tokens_cased,
}


# --- encoding -------------------------------------------------------------------------------------


def test_squad():
    assert_equal(MODEL, with_lengths(squad_pairs(30_000)))


def test_wordnet():
    assert_equal(MODEL, with_lengths(wordnet_pairs(70_000)))


def test_hostile_unicode():
    assert_equal(MODEL, hostile_pairs(12_000, seed=1))


@pytest.mark.parametrize("name", VARIANTS)
def test_variants(name, tmp_path):
    assert_equal(variant(tmp_path, VARIANTS[name]), hostile_pairs(1_500, seed=2))


@pytest.mark.parametrize("name", ["base", "cased", "accents_kept"])
def test_every_character(name, tmp_path):
    def change(tokenizer):
        every_character(tokenizer)
        VARIANTS.get(name, lambda _: None)(tokenizer)

    directory = variant(tmp_path, change)
    points = [*range(0xD800), *range(0xE000, 0x32000), *range(0xE0000, 0xE1000)]
    points += range(0xF0000, 0x110000, 97)
    words = [f"a{chr(point)}b " for point in points]
    texts = ["".join(words[begin : begin + 400]) for begin in range(0, len(words), 400)]
    every = [(text, "", 10_000) for text in texts]
    assert_equal(directory, every + mark_pairs(1_000, seed=7) + hostile_pairs(2_000, seed=3))


def test_every_short_length():
    texts = [("one two three four", "a b"), ("a", "one two three four"), ("a b", "c d"), ("", "")]
    assert_equal(MODEL, [(*pair, length) for pair in texts for length in range(3, 16)])


# --- saving ---------------------------------------------------------------------------------------


def save(source, target):
    target.mkdir(exist_ok=True)
    subprocess.run([TOOL, source, "--save", target], check=True)
    return target


@pytest.mark.parametrize("name", ["base", *VARIANTS])
def test_saved_directory_serves_the_peers(name, tmp_path):
    transformers = pytest.importorskip("transformers")
    source = variant(tmp_path / "source", VARIANTS[name]) if name in VARIANTS else MODEL
    saved = save(source, tmp_path / "saved")
    content = json.loads((saved / "tokenizer.json").read_text("utf-8"))
    assert content["truncation"] is None and content["padding"] is None

    pairs = hostile_pairs(300, seed=4)
    expected = theirs(tokenizers.Tokenizer.from_file(str(source / "tokenizer.json")), pairs)
    assert theirs(tokenizers.Tokenizer.from_file(str(saved / "tokenizer.json")), pairs) == expected
    assert transformers_encode(transformers.AutoTokenizer.from_pretrained(saved), pairs) == expected
    assert ours(saved, pairs) == expected


@pytest.mark.parametrize("options", [{}, {"do_lower_case": False}, {"strip_accents": False}])
def test_older_layout(options, tmp_path):
    transformers = pytest.importorskip("transformers")
    source = tmp_path / "source"
    source.mkdir()
    (source / "vocab.txt").write_bytes((MODEL / "vocab.txt").read_bytes())
    config = {"tokenizer_class": "BertTokenizer", "model_max_length": 512, **options}
    (source / "tokenizer_config.json").write_text(json.dumps(config))

    pairs = hostile_pairs(300, seed=5)
    expected = transformers_encode(transformers.AutoTokenizer.from_pretrained(source), pairs)
    assert ours(source, pairs) == expected
    saved = save(source, tmp_path / "saved")
    assert theirs(tokenizers.Tokenizer.from_file(str(saved / "tokenizer.json")), pairs) == expected
    assert transformers_encode(transformers.AutoTokenizer.from_pretrained(saved), pairs) == expected
    (saved / "tokenizer.json").unlink()
    assert ours(saved, pairs) == expected


def test_saved_directory_serves_cross_encoder(tmp_path):
    transformers = pytest.importorskip("transformers")
    sentence_transformers = pytest.importorskip("sentence_transformers")
    saved = save(MODEL, tmp_path / "saved")
    config = transformers.BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=1,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(saved)
    model = sentence_transformers.CrossEncoder(str(saved), device="cpu")
    pairs = hostile_pairs(100, seed=6)
    assert transformers_encode(model.tokenizer, pairs) == ours(MODEL, pairs)
    assert model.predict([("query", "a document"), ("query", "[SEP]")]).shape == (2,)
