"""After its first steps a run asks the system for no more memory."""

import resource

from runs import train


def page_faults(train_once):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
    train_once()
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before


def test_ten_more_steps_take_no_more_memory(small_recipe, tmp_path):
    """A page that is touched for the first time is a fault, and the kernel counts them."""
    sections = small_recipe()
    line = sections["data"]["train"].read_text().splitlines()[0]
    (tmp_path / "alike.jsonl").write_text((line + "\n") * 64)
    sections["data"] = {"train": tmp_path / "alike.jsonl"}

    def faults_of(steps, attempt=0):
        training = sections["training"] | {"max_steps": steps}
        name = f"steps-{steps}-{attempt}"
        return page_faults(lambda: train(tmp_path, name=name, **sections | {"training": training}))

    faults_of(1)  # makes the token store
    # The allocator of each thread settles a little differently in every run; ten steps' activations taken anew would
    # be about as much as the whole of the shorter run.
    counts = ((faults_of(6, attempt), faults_of(16, attempt)) for attempt in range(3))
    assert any(longer < 1.1 * short for short, longer in counts)
