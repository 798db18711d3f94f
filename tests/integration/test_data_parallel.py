"""N ranks do exactly what one rank does with the whole batch."""

import numpy

from runs import read_history, read_losses, train


def test_losses_do_not_depend_on_the_number_of_ranks(small_recipe, tmp_path):
    alone = read_losses(train(tmp_path, name="alone", **small_recipe()))
    assert len(alone) == 20
    for ranks in (1, 2, 4):
        losses = read_losses(train(tmp_path, ranks, name=f"ranks-{ranks}", **small_recipe(ranks)))
        numpy.testing.assert_allclose(losses, alone, rtol=1e-5, err_msg=f"{ranks} ranks")


def test_accumulation_equals_one_large_batch(small_recipe, tmp_path):
    whole = read_losses(train(tmp_path, name="whole", **small_recipe(max_steps=6)))
    halves = small_recipe(max_steps=6, per_device_train_batch_size=4, gradient_accumulation_steps=2)
    numpy.testing.assert_allclose(read_losses(train(tmp_path, name="halves", **halves)), whole, rtol=1e-5)


def test_a_short_last_batch_is_trained_on(small_recipe, tmp_path):
    """One list over two ranks: the second rank has nothing to do, and both must agree on that."""
    sections = small_recipe(2, max_steps=-1, num_train_epochs=2)
    line = sections["data"]["train"].read_text().splitlines()[0]
    (tmp_path / "one.jsonl").write_text(line + "\n")
    sections["data"] = {"train": tmp_path / "one.jsonl"}
    two = train(tmp_path, 2, name="two", **sections)
    one = train(
        tmp_path, name="one", **sections | {"training": sections["training"] | {"per_device_train_batch_size": 8}}
    )
    assert [row["step"] for row in read_history(two) if "loss" in row] == [1, 2]
    numpy.testing.assert_allclose(read_losses(two), read_losses(one), rtol=1e-5)
