"""`lambdaforge compare` against scipy, on random per-query values."""

import csv
import json

import numpy as np
import pytest
from scipy import stats

METRIC = "ndcg@10"
RESAMPLES = 100_000
CONFIDENCE = 0.9


def write_run(path, data_sets):
    """data_sets: {name: [value of query 0, value of query 1, ...]}"""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["metric", "query", "value"])
        for name, values in data_sets.items():
            for query, value in enumerate(values):
                rows.writerow([f"{name}_{METRIC}", f'query "{query}", of {name}', repr(float(value))])
                rows.writerow([f"{name}_base_{METRIC}", f'query "{query}", of {name}', "0.5"])
    return path


def paired_values(queries, gain, deviation, seed):
    random = np.random.default_rng(seed)
    a = random.random(queries)
    return a, a + gain + deviation * random.standard_normal(queries)


# name -> (a, b): p-values from 0.9 to 1e-40, few and many queries.
PAIRS = {
    "three": paired_values(3, 0.1, 0.3, 1),
    "ten": paired_values(10, 0.1, 0.3, 2),
    "sixteen": paired_values(16, -0.05, 0.3, 3),
    "fifty": paired_values(50, 0.04, 0.3, 4),
    "none": paired_values(50, 0, 0.3, 5),
    "strong": paired_values(200, -0.2, 0.2, 6),
    "many": paired_values(3000, 0.002, 0.2, 7),
}


@pytest.fixture(scope="module")
def compared(run_program, tmp_path_factory):
    """compared(pairs) -> {name: what `lambdaforge compare --json` says of it}"""

    def run(pairs, *options):
        folder = tmp_path_factory.mktemp("runs")
        for side, name in enumerate("ab"):
            write_run(folder / name, {data_set: pair[side] for data_set, pair in pairs.items()})
        printed = run_program(
            "lambdaforge", "compare", folder / "a", folder / "b", "--json",
            "--resamples", RESAMPLES, "--confidence", CONFIDENCE, *options,
        )  # fmt: skip
        rows = json.loads(printed)["data_sets"]
        return {row["data_set"]: row for row in rows}

    return run


@pytest.fixture(scope="module")
def ours(compared):
    return compared(PAIRS)


def resampled_p(a, b, resamples=RESAMPLES):
    return stats.permutation_test(
        (b - a,), np.mean, permutation_type="samples", n_resamples=resamples, vectorized=True,
        batch=1000, random_state=0,
    ).pvalue  # fmt: skip


def test_means_and_wins(ours):
    assert ours.keys() == PAIRS.keys()
    for name, (a, b) in PAIRS.items():
        assert ours[name]["queries"] == len(a)
        assert ours[name]["mean_a"] == pytest.approx(a.mean(), rel=1e-12)
        assert ours[name]["mean_b"] == pytest.approx(b.mean(), rel=1e-12)
        assert ours[name]["difference"] == pytest.approx((b - a).mean(), rel=1e-9)
        assert ours[name]["effect_size"] == pytest.approx((b - a).mean() / (b - a).std(ddof=1), rel=1e-9)
        counts = [ours[name][key] for key in ("wins", "ties", "losses")]
        assert counts == [(b > a).sum(), 0, (b < a).sum()]


def test_the_t_test_is_scipys_far_into_the_tails(ours):
    p_values = []
    for name, (a, b) in PAIRS.items():
        theirs = stats.ttest_rel(b, a)
        test = ours[name]["t_test"]
        assert test["statistic"] == pytest.approx(theirs.statistic, rel=1e-12)
        assert test["degrees_of_freedom"] == theirs.df
        assert test["p_value"] == pytest.approx(theirs.pvalue, rel=1e-9, abs=0)
        p_values.append(test["p_value"])
    assert min(p_values) < 1e-30 and max(p_values) > 0.5


@pytest.mark.parametrize("name", ["three", "ten", "sixteen"])
def test_few_queries_give_the_exact_randomisation_test(ours, name):
    test = ours[name]["randomisation_test"]
    assert test["exact"]
    assert test["p_value"] == pytest.approx(resampled_p(*PAIRS[name]), rel=1e-12)


def test_queries_that_do_not_differ_change_nothing(compared):
    a, b = PAIRS["ten"]
    tied = np.linspace(0, 1, 5)
    padded = np.concatenate([a, tied]), np.concatenate([b, tied])
    row = compared({"padded": padded})["padded"]
    assert row["ties"] == 5
    assert row["randomisation_test"]["p_value"] == pytest.approx(resampled_p(*padded), rel=1e-12)


def test_tied_metrics_count_as_scipy_counts_them(compared):
    # Reciprocal ranks: few values, so many choices of signs give the same mean.
    random = np.random.default_rng(8)
    a, b = 1 / random.integers(1, 5, 12), 1 / random.integers(1, 5, 12)
    test = compared({"mrr": (a, b)})["mrr"]["randomisation_test"]
    assert test["exact"] and test["p_value"] == pytest.approx(resampled_p(a, b), rel=1e-12)


@pytest.mark.parametrize("name", ["fifty", "none", "strong", "many"])
def test_many_queries_give_a_sampled_randomisation_test(ours, name):
    test = ours[name]["randomisation_test"]
    assert not test["exact"]
    # The difference of two such estimates has a standard deviation of 0.0022 at most, at p = 0.5.
    p = resampled_p(*PAIRS[name])
    assert test["p_value"] == pytest.approx(p, abs=5 * np.sqrt(2 * p * (1 - p) / RESAMPLES))
    assert abs(test["p_value"] - p) < 0.005


@pytest.mark.parametrize("name", [name for name, (a, _) in PAIRS.items() if len(a) >= 10])
def test_the_interval_is_scipys_percentile_bootstrap(ours, name):
    differences = PAIRS[name][1] - PAIRS[name][0]
    resamples = 20_000
    theirs = stats.bootstrap(
        (differences,), np.mean, n_resamples=resamples, confidence_level=CONFIDENCE,
        method="percentile", batch=1000, random_state=0,
    )  # fmt: skip
    low, high = theirs.confidence_interval
    # A quantile q of r draws has the deviation sqrt(q (1 - q) / r) / density.
    share = (1 - CONFIDENCE) / 2
    density = stats.norm.pdf(stats.norm.ppf(share)) / theirs.standard_error
    deviation = np.sqrt(share * (1 - share) * (1 / resamples + 1 / RESAMPLES)) / density
    assert ours[name]["interval"] == pytest.approx([low, high], abs=6 * deviation)
    assert deviation < 0.02 * theirs.standard_error


def holm(p_values):
    """Holm 1979: reject while the i-th smallest of m lies under level / (m - i)."""
    ordered = sorted(p_values, key=p_values.get)
    corrected, largest = {}, 0
    for rank, name in enumerate(ordered):
        largest = max(largest, (len(ordered) - rank) * p_values[name])
        corrected[name] = min(largest, 1)
    return corrected


def test_holm_corrects_over_the_data_sets(ours):
    plain = {name: row["randomisation_test"]["p_value"] for name, row in ours.items()}
    theirs = holm(plain)
    for name, row in ours.items():
        assert row["randomisation_test"]["p_value_holm"] == pytest.approx(theirs[name], rel=1e-12)


def test_the_seed_decides(compared):
    pairs = {name: PAIRS[name] for name in ("fifty", "many")}
    assert compared(pairs, "--seed", 1) == compared(pairs, "--seed", 1)
    assert compared(pairs, "--seed", 1) != compared(pairs, "--seed", 2)


def test_cases_without_variance(compared):
    value = np.array([0.5])
    row = compared({"one": (value, value + 0.25)})["one"]
    assert row["t_test"] is None and row["interval"] is None and row["effect_size"] is None
    assert row["randomisation_test"]["p_value"] == 1
    same = np.linspace(0, 1, 20)
    row = compared({"same": (same, same)})["same"]
    assert row["t_test"] is None and row["interval"] == [0, 0]
    assert row["randomisation_test"] == {"p_value": 1, "exact": True, "p_value_holm": 1}
