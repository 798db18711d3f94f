"""What only the parity tests share."""

import pytest


@pytest.fixture
def peer_in_float64(monkeypatch):
    """The peers cast everything to float32. Their formulas are compared to full precision by letting their casts
    (Tensor.float), the type they ask for by name and the default type be float64."""
    import torch

    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    monkeypatch.setattr(torch, "float", torch.float64)
    monkeypatch.setattr(torch, "float32", torch.float64)
    torch.set_default_dtype(torch.float64)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # thousands of tiny batches
    yield
    torch.set_num_threads(threads)
    monkeypatch.undo()
    torch.set_default_dtype(torch.float32)
